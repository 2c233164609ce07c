import { readFile, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { describeConfig, type Setting } from '../service/config/describe-config.js'
import { loadConfig } from '../service/config/load-config.js'
import { renderDestinationsSchema } from '../service/config/delivery-destinations.js'
import { fillMarkers, renderConfigTables, renderEnvExample } from '../service/config/render-docs.js'
import { type PipelineName } from '../service/config/pipelines.js'
import { renderMetricsTable } from '../service/metrics/render-docs.js'
import { formatTable } from './format-table.js'
import { pipelineOption } from './pipeline-option.js'

const PROJECT = new URL('../../../', import.meta.url)

export function configCommand (): Command {
  return new Command('config')
    .description('Print the resolved configuration, with the origin of each value and secrets masked')
    .addOption(pipelineOption())
    .option('--json', 'print it as JSON', false)
    .option('--write', 'generate .env.example and the tables of docs/ anew; for those who change a knob or a metric', false)
    .addHelpText('after', `
Examples:
  penstock config
  penstock config --pipeline routing --json
  penstock config --write

Exit code 2, and all mistakes at once, when the configuration is wrong. docs/configuration.md explains every variable.`)
    .action(config)
}

async function config (options: { pipeline: PipelineName, json: boolean, write: boolean }): Promise<void> {
  if (options.write) {
    for (const name of await writeGenerated()) process.stdout.write(`wrote ${name}\n`)
    return
  }
  const loaded = loadConfig(process.env, options.pipeline)
  const settings = describeConfig(loaded, process.env)
  process.stdout.write(options.json ? `${JSON.stringify(settings, null, 2)}\n` : renderSettings(settings))
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`)
}

export function renderSettings (settings: readonly Setting[]): string {
  const groups = groupSettings(settings)
  return [...groups].map(([group, members]) =>
    `${group}\n${formatTable(members.map(({ variable, value, origin }) => ['', variable, origin, value === '' ? '–' : value]))}`).join('\n')
}

/** The generated documents as they should be, by their path in the project. */
export async function generatedDocuments (): Promise<Map<string, string>> {
  const filled = async (path: string, generated: string): Promise<string> => fillMarkers(await readFile(new URL(path, PROJECT), 'utf8'), generated)
  return new Map([
    ['.env.example', renderEnvExample()],
    ['docs/configuration.md', await filled('docs/configuration.md', renderConfigTables())],
    ['resource/delivery/destinations.schema.json', renderDestinationsSchema()],
    ['docs/metrics.md', await filled('docs/metrics.md', renderMetricsTable())]
  ])
}

async function writeGenerated (): Promise<string[]> {
  const documents = await generatedDocuments()
  for (const [path, text] of documents) await writeFile(new URL(path, PROJECT), text)
  return [...documents.keys()]
}

function groupSettings (settings: readonly Setting[]): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>()
  for (const setting of settings) {
    const members = groups.get(setting.group) ?? []
    groups.set(setting.group, [...members, setting])
  }
  return groups
}
