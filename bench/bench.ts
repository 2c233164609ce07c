/**
 * `npm run bench -- <scope>`: measures and says on what machine, when, at which commit and with which command.
 * Each scope compares itself with doing nothing.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { benchEvents } from './events/events-bench.js'
import { type BenchResult, readResult, renderResult } from './report.js'

interface EventsFlags {
  readonly reporter: 'text' | 'json'
  readonly compare?: string
  readonly events: number
  readonly runs: number
  readonly brokers?: string
  readonly sinkDelay: number
  readonly partialFailures: number
  readonly latencyRate: number
  readonly latencySeconds: number
  readonly profile?: true
}

const program = new Command('bench').description('Benchmarks of Penstock.')

program.command('events')
  .description('end to end: Kafka → the service → an endpoint that answers for DynamoDB and SQS.\nThe service takes its settings from the environment, as ever: MAX_IN_FLIGHT_RECORDS=8000 npm run bench -- events')
  .addOption(new Option('--reporter <reporter>', 'what to print').choices(['text', 'json']).default('text'))
  .option('--compare <file>', 'a result that `--reporter json` wrote earlier; changes are shown beside the figures')
  .option('--events <count>', 'events in the topic', count, 200_000)
  .option('--runs <count>', 'the median of this many is reported', count, 3)
  .option('--brokers <list>', 'a Kafka that runs already; one is started without')
  .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
  .option('--partial-failures <percent>', 'runs in pairs: undisturbed, and with this share of all rows and messages failing; without latency', count, 0)
  .option('--latency-rate <events/s>', 'rate of the latency measurement; 0 leaves it out', count, 1_000)
  .option('--latency-seconds <seconds>', 'its length', count, 10)
  .option('--profile', 'writes V8 CPU profiles and prints who owns the main thread\'s time; slows the run')
  .action(async (flags: EventsFlags) => {
    const result = await benchEvents({
      ...flags,
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      partialFailuresPercent: flags.partialFailures,
      profile: flags.profile ?? false,
      progress: line => { process.stderr.write(`${line}\n`) }
    })
    print(result, flags)
  })

program.command('validate')
  .description('what the examination of one event costs, step by step')
  .argument('[rounds]', 'the median of this many is reported', '9')
  .action((rounds: string) => {
    const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('./validate.js', import.meta.url)), rounds], { stdio: 'inherit' })
    process.exitCode = status ?? 1
  })

await program.parseAsync()

function print (result: BenchResult, { reporter, compare }: EventsFlags): void {
  const earlier = compare === undefined ? undefined : readResult(compare)
  process.stdout.write(`${reporter === 'json' ? JSON.stringify(result, null, 2) : renderResult(result, earlier)}\n`)
}

function count (text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number')
  return value
}
