/**
 * `npm run bench -- <scope>`: measures, and says on what machine, when, at which commit and with which command. A scope
 * is a file beside this one that exports a `Scope`.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { count } from './flags.js'
import { renderText } from './render.js'
import { createResult, readResult } from './report.js'
import { type CommonFlags, type Scope, WRONG } from './scope.js'
import { writeResult } from './write-results.js'

/** In the order of the help. */
const SCOPES = ['consume', 'validate', 'encode', 'route', 'sign', 'transport', 'engine', 'window', 'batcher', 'fill', 'events', 'latency', 'knobs', 'load-test', 'routing', 'ingest', 'isolation', 'destinations'] as const

interface Flags extends CommonFlags {
  readonly reporter: 'text' | 'json'
  readonly compare?: string
  readonly write?: true
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

const program = new Command('bench').description('Benchmarks of Penstock. Each scope has a variant that does nothing.')
// Only what is asked for is loaded: a part is measured without the rest in the same heap.
const asked = SCOPES.filter(name => name === process.argv[2])
for (const name of asked.length > 0 ? asked : SCOPES) {
  const scope = await load(name)
  if (scope !== undefined) addCommand(name, scope)
}
await program.parseAsync()

async function load (name: string): Promise<Scope | undefined> {
  const file = new URL(`./${name}.js`, import.meta.url)
  if (!existsSync(file)) return undefined
  const { scope } = await import(file.href) as { scope: Scope }
  return scope
}

function addCommand (name: string, scope: Scope): void {
  const command = program.command(name)
    .summary(scope.summary)
    .description([scope.summary, scope.details].filter(part => part !== undefined).join('\n\n'))
    .option('--runs <count>', 'of each variant; the median is reported', count, scope.runs ?? 3)
  scope.options?.(command)
  command
    .addOption(new Option('--reporter <reporter>', 'what to print').choices(['text', 'json']).default('text'))
    .option('--compare <file>', 'a result that `--reporter json` wrote earlier; changes are shown beside the figures')
    .option('--write', 'keeps the result in bench/results/, and renews bench/RESULTS.md and the README\'s table')
    .action(async (flags: Flags) => {
      const result = createResult(name, await scope.measure(flags, say))
      const earlier = flags.compare === undefined ? undefined : readResult(flags.compare)
      process.stdout.write(`${flags.reporter === 'json' ? JSON.stringify(result, null, 2) : renderText(result, earlier)}\n`)
      if (result.notes.some(note => note.includes(WRONG))) process.exitCode = 1
      else if (flags.write === true) say(`written: ${writeResult(result, PROJECT).join(', ')}`)
    })
}

/** Progress, which is no part of the result. */
function say (line: string): void {
  process.stderr.write(`${line}\n`)
}
