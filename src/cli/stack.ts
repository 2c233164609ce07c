import { Command, Option } from 'commander'
import { type ProcessStatus } from '../stack/detached-stack.js'
import { EXIT } from './exit-codes.js'
import { formatTable } from './format-table.js'

/** The variables that point a process at the local servers, by server. Any credentials do: no server checks them. */
const SETTINGS: Readonly<Record<string, (endpoint: string) => readonly string[]>> = {
  kafka: endpoint => [`KAFKA_BROKERS=${endpoint}`],
  dynamodb: endpoint => [`AWS_ENDPOINT_URL_DYNAMODB=${endpoint}`],
  elasticmq: endpoint => [`AWS_ENDPOINT_URL_SQS=${endpoint}`],
  registry: endpoint => [`SCHEMA_REGISTRY_URL=${endpoint}`]
}
const ANY_CREDENTIALS = ['AWS_REGION=eu-west-1', 'AWS_ACCESS_KEY_ID=local', 'AWS_SECRET_ACCESS_KEY=local']

export function stackCommand (): Command {
  const stack = new Command('stack')
    .description('The local servers: Kafka, Kafka Connect, DynamoDB Local, ElasticMQ and a schema registry, without Docker')
    .addHelpText('after', `
Examples:
  penstock stack up
  penstock stack up --with registry        also what the routing pipeline needs
  export $(penstock stack status --env)    settings for the other commands, in this shell
  penstock stack down`)
  stack.command('up')
    .description('Start what does not run; the servers stay up until `stack down`, on this machine\'s loopback only')
    .addOption(new Option('--with <server>', 'also the schema registry, which is fetched for it (136 MB)').choices(['registry']))
    .addHelpText('after', '\nA server whose usual port is taken moves to the next free one. Exit code 0 when all are ready, else 1.')
    .action(up)
  stack.command('down')
    .description('End what `stack up` or `demo --keep` started, and nothing else')
    .addHelpText('after', '\nExit code 0, also when nothing ran.')
    .action(down)
  stack.command('status')
    .description('Say what runs, where it listens and where its log is')
    .option('--env', 'print the settings that point the other commands at it', false)
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', '\nExit code 0 when everything that was started runs, else 1.')
    .action(status)
  return stack
}

async function up (options: { with?: 'registry' }): Promise<void> {
  const [{ stackUp }, { USUAL_SERVERS }] = await Promise.all([import('../stack/detached-stack.js'), import('../stack/servers.js')])
  const servers = options.with === undefined ? USUAL_SERVERS : [...USUAL_SERVERS, options.with]
  const processes = await stackUp({ servers, onEvent: ({ server, message }) => process.stderr.write(`${server}: ${message}\n`) })
  process.stdout.write(`${renderStatus(processes)}\nPoint the other commands at it:\n${settingsOf(processes).map(line => `  export ${line}\n`).join('')}`)
}

async function down (): Promise<void> {
  const { stackDown } = await import('../stack/detached-stack.js')
  const ended = await stackDown()
  process.stdout.write(ended.length === 0 ? 'Nothing ran.\n' : `Ended ${ended.join(', ')}.\n`)
}

async function status (options: { env: boolean, json: boolean }): Promise<void> {
  const { stackStatus } = await import('../stack/detached-stack.js')
  const processes = await stackStatus()
  if (options.json) process.stdout.write(`${JSON.stringify(processes, null, 2)}\n`)
  else if (options.env) process.stdout.write(settingsOf(processes).map(line => `${line}\n`).join(''))
  else process.stdout.write(processes.length === 0 ? 'Nothing was started; `penstock stack up` does.\n' : renderStatus(processes))
  process.exitCode = processes.length > 0 && processes.every(({ running }) => running) ? EXIT.ok : EXIT.failure
}

function renderStatus (processes: readonly ProcessStatus[]): string {
  return formatTable(processes.map(({ name, running, endpoint, pid, logFile }) =>
    [running ? '✓' : '✗', name, running ? endpoint : 'does not run', running ? `pid ${pid}` : '', logFile]))
}

function settingsOf (processes: readonly ProcessStatus[]): string[] {
  return [...processes.filter(({ running }) => running).flatMap(({ name, endpoint }) => SETTINGS[name]?.(endpoint) ?? []), ...ANY_CREDENTIALS]
}
