import { type Command } from 'commander'
import { benchEvents, UNDISTURBED } from './events/events-bench.js'
import { parseVariants } from './events/variants.js'
import { count } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface KnobsFlags extends CommonFlags {
  readonly events: number
  readonly sinkDelay: number
  readonly brokers?: string
}

/** Every knob of the hot path, moved by itself to both sides of its default. */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  PROCESSES: ['2'],
  VALIDATION_THREADS: ['0', '2'],
  UV_THREADPOOL_SIZE: ['4', '16'],
  CHUNK_RECORDS: ['100', '250', '1000'],
  MAX_IN_FLIGHT_RECORDS: ['2000', '4000', '16000'],
  KAFKA_QUEUED_MIN_MESSAGES: ['5000'],
  KAFKA_QUEUED_MAX_KBYTES: ['4096', '65536'],
  KAFKA_PROPERTY_FETCH_MESSAGE_MAX_BYTES: ['32768', '1048576'],
  DYNAMODB_BATCH_RECORDS: ['10'],
  DYNAMODB_BATCH_LINGER_MS: ['0', '50'],
  DYNAMODB_CONCURRENCY: ['4', '64'],
  SQS_BATCH_RECORDS: ['5'],
  SQS_BATCH_LINGER_MS: ['0', '50'],
  SQS_CONCURRENCY: ['4', '64'],
  SQS_MESSAGE_GROUP: ['client', 'uid'],
  SQS_ORDER: ['strict'],
  COMMIT_INTERVAL_MS: ['50', '5000'],
  AWS_TRANSPORT: ['sdk']
}

export const scope: Scope<KnobsFlags> = {
  summary: 'what each knob of the hot path does to the throughput of the service',
  details: 'Each variant is the service with one knob moved, in turn with all others: what differs by less than two runs of one variant is noise.',
  options (command: Command) {
    command
      .option('--events <count>', 'events in the topic', count, 200_000)
      .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
  },
  async measure (flags, progress) {
    const moves = Object.entries(MOVES).flatMap(([knob, values]) => values.map(value => `${knob}.${value}:${knob}=${value}`))
    return await benchEvents({
      ...UNDISTURBED,
      ...flags,
      variants: parseVariants(['defaults', ...moves].join()),
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      progress
    })
  }
}
