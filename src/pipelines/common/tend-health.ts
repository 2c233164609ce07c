import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { type KafkaSource } from '../../connectors/kafka/kafka-source.js'
import { systemClock, type Timer } from '../../engine/clock.js'
import { type Engine } from '../../engine/engine.js'
import { type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { PollWatch } from './poll-watch.js'

const EVERY_MS = 1_000

interface TendHealthOptions<T> {
  readonly source: Pick<KafkaSource, 'polls'>
  readonly engine: Engine<T>
  /** `problem`: why nothing can be examined at present. */
  readonly examiner: { readonly problem: string | undefined }
  readonly deadLetters: Pick<DeliveryProducer, 'oldestPendingMs'>
  /** The producer of a stage that writes to Kafka, if there is one. */
  readonly output?: Pick<DeliveryProducer, 'oldestPendingMs'> | undefined
  readonly health: Health
  readonly logger: Logger
  readonly stuckPartitionMs: number
  readonly readyHoldMs: number
  readonly maxPollIntervalMs: number
}

/**
 * Not ready while it can not make progress: validation does not work, a whole stage or the dead letters are held for
 * long, or a partition's oldest record does not settle. Being merely back-pressured is no reason. Dead when polls do not
 * come back.
 */
export function tendHealth<T> (options: TendHealthOptions<T>): Timer {
  const { source, health, maxPollIntervalMs } = options
  const polls = new PollWatch(EVERY_MS, maxPollIntervalMs)
  let stuckPlaces: ReadonlySet<string> = new Set()
  let timer = systemClock.setTimer(tend, EVERY_MS)
  function tend (): void {
    tendValidation(options)
    tendHolds(options)
    tendProducers(options)
    stuckPlaces = tendPartitions(options, stuckPlaces)
    if (polls.isSilent(source.polls)) health.dead(`no poll has come back for ${maxPollIntervalMs} ms; only a restart helps`)
    timer = systemClock.setTimer(tend, EVERY_MS)
  }
  return { clear: () => { timer.clear() } }
}

function tendValidation<T> ({ examiner, health }: TendHealthOptions<T>): void {
  if (examiner.problem === undefined) health.green('validation')
  else health.red('validation', examiner.problem)
}

/** With nothing in flight there is nothing to probe with, and nothing that waits: the next record tells. */
function tendHolds<T> ({ engine, health, readyHoldMs }: TendHealthOptions<T>): void {
  const { records, replays } = engine.inFlight
  const long = records + replays === 0 ? [] : engine.holds().filter(hold => hold.scope === 'stage' && hold.heldMs > readyHoldMs)
  const first = long[0]
  if (first === undefined) health.green('stages')
  else health.red('stages', `${first.stage} is held: ${first.code}, ${first.detail}`)
}

/** A producer waits for its brokers as long as it takes, and no hold tells of it. */
function tendProducers<T> ({ deadLetters, output, health, readyHoldMs }: TendHealthOptions<T>): void {
  if (deadLetters.oldestPendingMs <= readyHoldMs) health.green('dead-letters')
  else health.red('dead-letters', 'dead letters wait for their acknowledgement')
  if (output === undefined || output.oldestPendingMs <= readyHoldMs) health.green('output')
  else health.red('output', 'messages wait for their acknowledgement')
}

/**
 * Records that do not settle keep their partitions' offsets for ever. Each is named by its place and age, once.
 * `named` holds those of the last time.
 */
function tendPartitions<T> ({ engine, health, logger, stuckPartitionMs }: TendHealthOptions<T>, named: ReadonlySet<string>): ReadonlySet<string> {
  const stuck = new Set<string>()
  for (const { topic, partition, watermark, oldestAgeMs } of engine.partitions()) {
    if (oldestAgeMs <= stuckPartitionMs) continue
    const place = `${topic}-${partition} at offset ${watermark}`
    stuck.add(place)
    if (!named.has(place)) {
      logger.error({ topic, partition, offset: watermark, ageMs: Math.round(oldestAgeMs) }, 'a record does not settle; its partition commits nothing past it')
    }
  }
  if (stuck.size === 0) health.green('partitions')
  else health.red('partitions', `stuck: ${[...stuck].join(', ')}`)
  return stuck
}
