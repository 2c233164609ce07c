import { produceEvents, type ProduceOptions } from '../../generator/produce-events.js'
import { type ProduceSummary } from '../../generator/produce-records.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { createFileSource } from '../../stack/file-source.js'
import { AppError } from '../../errors.js'
import { TRICKLE } from './trickle.js'

export interface FeedOptions {
  readonly events: number
  readonly invalidShare: number
  readonly seed: number
  readonly ledger: string
  /** A file that Kafka Connect streams; undefined: straight to Kafka. */
  readonly eventsFile: string | undefined
  readonly config: EventsConfig
}

const EXTRA_SHARE = 0.1
/** As in resource/connect: the connector's place in the file is kept under its name. */
const CONNECTOR = 'file-source-connector'

/** Writes the events file, or sends the records, and the ledger. */
export async function produceBacklog (options: FeedOptions): Promise<ProduceSummary> {
  return await produce(options, { count: options.events })
}

/** Some more, slowly: the same run goes on. */
export async function produceTrickle (options: FeedOptions): Promise<ProduceSummary> {
  return await produce(options, { count: options.events + TRICKLE.records, ratePerSecond: TRICKLE.perSecond, resume: true })
}

/** Has Kafka Connect stream the events file: what is in it, and what is appended later. */
export async function streamFile (connectUrl: string, file: string, topic: string): Promise<void> {
  await createFileSource(connectUrl, { name: CONNECTOR, file, topic })
}

async function produce ({ invalidShare, seed, ledger, eventsFile, config }: FeedOptions, options: Pick<ProduceOptions, 'count' | 'ratePerSecond' | 'resume'>): Promise<ProduceSummary> {
  const to = eventsFile === undefined
    ? { kafka: { ...config.kafka, compression: 'lz4' as const }, topic: config.events.topic, key: 'none' as const }
    : { file: eventsFile }
  const summary = await produceEvents({ to, invalidShare, extraShare: EXTRA_SHARE, seed, ledger, ...options })
  if (summary.failed > 0) throw new AppError('UNAVAILABLE', `${summary.failed} records could not be produced; the first: ${summary.firstFailure}`)
  return summary
}
