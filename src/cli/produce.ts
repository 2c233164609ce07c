import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../errors.js'
import { INVALID_KINDS } from '../generator/invalid-kinds.js'
import { produceEvents, type ProduceOptions } from '../generator/produce-events.js'
import { type ProduceSummary } from '../generator/produce-records.js'
import { loadConfig } from '../service/config/load-config.js'
import { EXIT } from './exit-codes.js'
import { createProgress } from './progress.js'

interface ProduceFlags {
  pipeline: 'events'
  count: number
  rate?: number
  invalid: number
  invalidKinds?: string[]
  extras: number
  seed: number
  toFile?: string
  to?: 'kafka'
  topic?: string
  key: 'none' | 'uid' | 'client'
  ledger?: string
  from?: string
  resume?: boolean
  force?: boolean
  listKinds?: boolean
}

export function produceCommand (): Command {
  return new Command('produce')
    .description('make events, valid and invalid, and write them to a file or straight to Kafka')
    .addOption(new Option('--pipeline <name>', 'whose records').choices(['events']).default('events'))
    .option('--count <n>', 'records to make; with --from the most to send', wholeNumber, 10_000)
    .option('--rate <n/s>', 'records per second, as 500/s or 2k/s; as fast as possible without it', perSecond)
    .option('--invalid <share>', 'share of invalid records, 0 to 1; exact, at even distances', share, 0)
    .option('--invalid-kinds <names>', 'comma list of the kinds to take in turn (default: all that fit and are small)', names)
    .option('--extras <share>', 'share of valid events with properties beyond the schema', share, 0)
    .option('--seed <n>', 'the same seed makes the same records', wholeNumber, 1)
    .option('--to-file <path>', 'a line for each record, for Kafka Connect\'s file source')
    .addOption(new Option('--to <where>', 'straight to the brokers of KAFKA_BROKERS').choices(['kafka']))
    .option('--topic <name>', 'topic (default: EVENTS_TOPIC)')
    .addOption(new Option('--key <what>', 'record key, with --to kafka').choices(['none', 'uid', 'client']).default('none'))
    .option('--ledger <path>', 'NDJSON of every acknowledged record: uid, client, kind, expected outcome, sha256, place')
    .option('--from <path>', 'send the lines of this file instead of made records')
    .option('--resume', 'go on after the last record in the ledger')
    .option('--force', 'replace the file of --to-file')
    .option('--list-kinds', 'print the kinds of invalid records')
    .addHelpText('after', `
Examples:
  penstock produce --count 20000 --invalid 0.01 --to-file events.txt --ledger ledger.ndjson
  penstock produce --count 1000000 --rate 5k/s --to kafka --key client --ledger ledger.ndjson
  penstock produce --count 1000000 --rate 5k/s --to kafka --key client --ledger ledger.ndjson --resume
  penstock produce --from events1.txt --to kafka

Exit codes: 0 all acknowledged, 1 some were not (go on with --resume), 2 wrong options.`)
    .action(async (flags: ProduceFlags, command: Command) => {
      if (flags.listKinds === true) listKinds()
      else await produce(flags, command.getOptionValueSource('count') === 'default')
    })
}

async function produce (flags: ProduceFlags, countIsDefault: boolean): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const options = toOptions(flags, countIsDefault)
  const progress = createProgress(options.count)
  try {
    const summary = await produceEvents({ ...options, signal: stop.signal, onProgress: acknowledged => progress.update(acknowledged) })
    progress.stop()
    console.log(describe(summary, flags))
    if (summary.stopped || summary.failed > 0) process.exitCode = EXIT.failure
  } finally {
    progress.stop()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

function toOptions (flags: ProduceFlags, countIsDefault: boolean): ProduceOptions {
  const { count, rate, invalid, invalidKinds, extras, seed, ledger, from, resume, force } = flags
  return {
    to: chooseTarget(flags),
    ...(from !== undefined && countIsDefault ? {} : { count }),
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(invalidKinds === undefined ? {} : { invalidKinds }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(from === undefined ? {} : { from }),
    invalidShare: invalid,
    extraShare: extras,
    seed,
    resume: resume === true,
    force: force === true
  }
}

function chooseTarget ({ toFile, to, topic, key }: ProduceFlags): ProduceOptions['to'] {
  if ((toFile === undefined) === (to === undefined)) throw new UsageError('Say where to: either --to-file <path> or --to kafka')
  if (toFile !== undefined) return { file: toFile }
  const { config } = loadConfig(process.env, 'events')
  return { kafka: { ...config.kafka, compression: 'lz4' }, topic: topic ?? config.events.topic, key }
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

function listKinds (): void {
  for (const { name, expected, directOnly, large } of INVALID_KINDS) {
    console.log(`${name.padEnd(28)} ${expected.padEnd(17)} ${[directOnly ? 'not in files' : '', large ? 'large, only when named' : ''].filter(Boolean).join(', ')}`.trimEnd())
  }
}

function wholeNumber (text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number, such as 10000')
  return Number(text)
}

function share (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1, such as 0.01')
  return value
}

function perSecond (text: string): number {
  const found = /^(\d+(?:\.\d+)?)(k?)(?:\/s)?$/.exec(text)
  const value = Number(found?.[1] ?? 0) * (found?.[2] === 'k' ? 1_000 : 1)
  if (value <= 0) throw new InvalidArgumentError('records per second, such as 500/s or 2k/s')
  return value
}

function names (text: string): string[] {
  return text.split(',').map(name => name.trim()).filter(name => name !== '')
}
