import { Command, Option } from 'commander'
import { INVALID_KINDS } from '../generator/invalid-kinds.js'
import { type ProduceControls, type ProduceSummary } from '../generator/produce-records.js'
import { ROUTING_KINDS } from '../generator/routing/routing-kinds.js'
import { EXIT } from './exit-codes.js'
import { pipelineOption } from './pipeline-option.js'
import { duration, names, perSecond, positiveNumber, share, wholeNumber } from './produce/arguments.js'
import { type Produce, PRODUCED_PIPELINES, type ProducedPipeline, type ProduceFlags, ratePerSecond, refuseForeign } from './produce/flags.js'
import { createProgress } from './progress.js'

export function produceCommand (): Command {
  return new Command('produce')
    .description('make records, valid and invalid: events, to a file or straight to Kafka; or Avro for the routing pipeline')
    .addOption(pipelineOption(PRODUCED_PIPELINES))
    .option('--count <n>', 'records to make; with --from the most to send', wholeNumber, 10_000)
    .option('--rate <n/s>', 'records per second, as 500/s or 2k/s; as fast as possible without it', perSecond)
    .option('--interval <time>', 'the same as the pause between two records, as 1s or 200ms', duration)
    .option('--invalid <share>', 'share of invalid records, 0 to 1; exact, at even distances', share, 0)
    .option('--invalid-kinds <names>', 'comma list of the kinds to take in turn (default: all that fit and are small)', names)
    .option('--seed <n>', 'the same seed makes the same records', wholeNumber, 1)
    .option('--topic <name>', 'topic (default: EVENTS_TOPIC or ROUTING_TOPIC)')
    .option('--ledger <path>', 'NDJSON of every acknowledged record: kind, expected outcome, sha256, place')
    .option('--resume', 'go on after the last record in the ledger')
    .option('--list-kinds', 'print the kinds of invalid records')
    .addOption(new Option('--to <where>', 'straight to the brokers of KAFKA_BROKERS').choices(['kafka']))
    .option('--to-file <path>', 'events: a line for each record, for Kafka Connect\'s file source')
    .option('--force', 'events: replace the file of --to-file')
    .addOption(new Option('--key <what>', 'events: record key, with --to kafka').choices(['none', 'uid', 'client']).default('none'))
    .option('--extras <share>', 'events: share of valid ones with properties beyond the schema', share, 0)
    .option('--from <path>', 'events: send the lines of this file instead of made records')
    .option('--origin-service-type <text>', 'routing: where records come from', 'financial')
    .option('--origin-service-id <text>', 'routing: who sends them; the first part of the key', '123456')
    .option('--origins <n>', 'routing: senders in turn, whose ids count on from that', positiveNumber, 1)
    .option('--destinations <names>', 'routing: comma list of the destinations to take in turn (default: those of ROUTING_DESTINATIONS)', names)
    .option('--fan-out <share>', 'routing: share of valid records that name several destinations', share, 0)
    .addHelpText('after', `
Examples:
  penstock produce --count 20000 --invalid 0.01 --to-file events.txt --ledger ledger.ndjson
  penstock produce --count 1000000 --rate 5k/s --to kafka --key client --ledger ledger.ndjson
  penstock produce --count 1000000 --rate 5k/s --to kafka --key client --ledger ledger.ndjson --resume
  penstock produce --from events1.txt --to kafka
  penstock produce --pipeline routing --origin-service-type financial --origin-service-id 123456 \\
    --destinations FINANCE,marketing --count 8 --interval 1s

The schemas of the routing pipeline must be registered: penstock create --pipeline routing
Exit codes: 0 all acknowledged, 1 some were not (go on with --resume), 2 wrong options.`)
    .action(async (flags: ProduceFlags, command: Command) => {
      refuseForeign(flags, flag => command.getOptionValueSource(flag) === 'cli')
      if (flags.listKinds === true) listKinds(flags.pipeline)
      else await produce(flags, command.getOptionValueSource('count') === 'default')
    })
}

async function produce (flags: ProduceFlags, countIsDefault: boolean): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const produceOf = await PRODUCERS[flags.pipeline]()
  const progress = createProgress(flags.from !== undefined && countIsDefault ? undefined : flags.count)
  try {
    const summary = await produceOf(flags, countIsDefault, { ...controlsOf(flags), signal: stop.signal, onProgress: acknowledged => progress.update(acknowledged) })
    progress.stop()
    console.log(describe(summary, flags))
    if (summary.stopped || summary.failed > 0) process.exitCode = EXIT.failure
  } finally {
    progress.stop()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

const PRODUCERS: Readonly<Record<ProducedPipeline, () => Promise<Produce>>> = {
  events: async () => (await import('./produce/events.js')).produce,
  routing: async () => (await import('./produce/routing.js')).produce
}

function controlsOf (flags: ProduceFlags): ProduceControls {
  const rate = ratePerSecond(flags)
  return {
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(flags.ledger === undefined ? {} : { ledger: flags.ledger }),
    resume: flags.resume === true
  }
}

function describe (summary: ProduceSummary, flags: ProduceFlags): string {
  const { acknowledged, valid, invalidByKind, skipped, failed, firstFailure, stopped, elapsedMs } = summary
  const invalid = [...invalidByKind.values()].reduce((sum, count) => sum + count, 0)
  const lines = [
    `${stopped ? 'Stopped' : 'Done'}: ${acknowledged} records acknowledged in ${(elapsedMs / 1_000).toFixed(1)} s (${Math.round(acknowledged * 1_000 / Math.max(1, elapsedMs))}/s)`
  ]
  if (flags.from === undefined) lines.push(`  valid ${valid}, invalid ${invalid} of ${invalidByKind.size} kinds`)
  if (skipped > 0) lines.push(`  ${skipped} were acknowledged in an earlier run`)
  if (failed > 0) lines.push(`  ${failed} were not delivered; the first: ${firstFailure}`)
  if (flags.ledger !== undefined) lines.push(`  ledger: ${flags.ledger}${stopped || failed > 0 ? ' (go on with --resume)' : ''}`)
  return lines.join('\n')
}

function listKinds (pipeline: ProducedPipeline): void {
  const kinds: ReadonlyArray<{ name: string, expected: string, directOnly?: boolean, large?: boolean }> = pipeline === 'events' ? INVALID_KINDS : ROUTING_KINDS
  for (const { name, expected, directOnly, large } of kinds) {
    console.log(`${name.padEnd(28)} ${expected.padEnd(19)} ${[directOnly ? 'not in files' : '', large ? 'large, only when named' : ''].filter(Boolean).join(', ')}`.trimEnd())
  }
}
