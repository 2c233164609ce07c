import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { type KafkaSource } from '../../connectors/kafka/kafka-source.js'
import { systemClock, type Timer } from '../../engine/clock.js'
import { type Engine } from '../../engine/engine.js'
import { type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { type EventsExaminer } from './examiner.js'
import { PollWatch } from './poll-watch.js'

const EVERY_MS = 1_000

interface TendHealthOptions<T> {
  readonly source: Pick<KafkaSource, 'polls'>
  readonly engine: Engine<T>
  readonly examiner: EventsExaminer
  readonly deadLetters: DeliveryProducer
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
  let timer = systemClock.setTimer(tend, EVERY_MS)
  function tend (): void {
    tendValidation(options)
    tendHolds(options)
    tendDeadLetters(options)
    tendPartitions(options)
    if (polls.isSilent(source.polls)) health.dead(`no poll has come back for ${maxPollIntervalMs} ms; only a restart helps`)
    timer = systemClock.setTimer(tend, EVERY_MS)
  }
  return { clear: () => { timer.clear() } }
}

function tendValidation<T> ({ examiner, health }: TendHealthOptions<T>): void {
  const problem = 'problem' in examiner ? examiner.problem : undefined
  if (problem === undefined) health.green('validation')
  else health.red('validation', problem)
}

/** With nothing in flight there is nothing to probe with, and nothing that waits: the next record tells. */
function tendHolds<T> ({ engine, health, readyHoldMs }: TendHealthOptions<T>): void {
  const { records, replays } = engine.inFlight
  const long = records + replays === 0 ? [] : engine.holds().filter(hold => hold.scope === 'stage' && hold.heldMs > readyHoldMs)
  const first = long[0]
  if (first === undefined) health.green('stages')
  else health.red('stages', `${first.stage} has been held for ${Math.round(first.heldMs / 1000)} s: ${first.code}, ${first.detail}`)
}

function tendDeadLetters<T> ({ deadLetters, health, readyHoldMs }: TendHealthOptions<T>): void {
  const waitedMs = deadLetters.oldestPendingMs
  if (waitedMs <= readyHoldMs) health.green('dead-letters')
  else health.red('dead-letters', `a dead letter has waited ${Math.round(waitedMs / 1000)} s for its acknowledgement`)
}

/** A record that never settles keeps its partition's offset for ever: named by place and age. */
function tendPartitions<T> ({ engine, health, logger, stuckPartitionMs }: TendHealthOptions<T>): void {
  const stuck = engine.partitions().find(partition => partition.oldestAgeMs > stuckPartitionMs)
  if (stuck === undefined) {
    health.green('partitions')
    return
  }
  const { topic, partition, watermark, oldestAgeMs } = stuck
  const check = `${topic}-${partition} is stuck at offset ${watermark}`
  if (!health.problems.some(problem => problem.check === 'partitions')) {
    logger.error({ topic, partition, offset: watermark, ageMs: Math.round(oldestAgeMs) }, 'a record does not settle; its partition commits nothing past it')
  }
  health.red('partitions', check)
}
