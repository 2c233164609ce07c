import { type KafkaConsumer, type WatermarkOffsets } from 'node-rdkafka'
import { type TopicPartition } from '../../engine/intake.js'
import { type Observer } from '../../engine/observer.js'
import { type OffsetReset } from './client-log.js'
import { type KafkaLog } from './kafka-log.js'

const QUERY_TIMEOUT_MS = 5_000
/** A partition is read from the very beginning then: a beginning that lies higher is told of once more. */
const NOT_KNOWN: WatermarkOffsets = { lowOffset: 0, highOffset: 0 }

export interface OffsetResetsOptions {
  readonly observer: Pick<Observer, 'offsetsLost' | 'logReplaced'>
  readonly log: Pick<KafkaLog, 'offsetsLost' | 'logReplaced' | 'callFailed'>
  /** Has this partition read from `offset` on, in a new epoch; false when that is under way. */
  readonly restart: (partition: TopicPartition, offset: number) => boolean
}

type Asked = Pick<KafkaConsumer, 'queryWatermarkOffsets'>

/**
 * What becomes of a position that the log does not hold. Below the beginning of the log: retention was faster than we, and
 * what lay between is lost. Else it is another log, of a topic that was created again: none of it was read, and it is read
 * from its beginning whatever the policy is.
 */
export class OffsetResets {
  readonly #options: OffsetResetsOptions

  constructor (options: OffsetResetsOptions) {
    this.#options = options
  }

  /** The client has given up a position. */
  heard ({ topic, partition, offset, to }: OffsetReset, consumer: Asked): void {
    const { log, observer } = this.#options
    this.#ask({ topic, partition }, consumer, offsets => {
      const { lowOffset: first, highOffset: end } = offsets ?? NOT_KNOWN
      if (offset < first) {
        const lost = (to === 'end' ? end : first) - offset
        observer.offsetsLost(topic, lost)
        log.offsetsLost({ topic, partition, offset, first: offset + lost, lost })
      } else {
        this.#restart({ topic, partition }, first)
      }
    })
  }

  /** The topic has another identity: the client itself would go on where it stood in the former log. */
  replaced (partition: TopicPartition, consumer: Asked): void {
    this.#ask(partition, consumer, offsets => { this.#restart(partition, (offsets ?? NOT_KNOWN).lowOffset) })
  }

  #ask ({ topic, partition }: TopicPartition, consumer: Asked, answered: (offsets: WatermarkOffsets | undefined) => void): void {
    consumer.queryWatermarkOffsets(topic, partition, QUERY_TIMEOUT_MS, (error, offsets) => {
      const failed = error !== null && error !== undefined
      if (failed) this.#options.log.callFailed(`asking for the offsets of ${topic}-${partition}`, error)
      answered(failed ? undefined : offsets)
    })
  }

  #restart (partition: TopicPartition, first: number): void {
    const { log, observer, restart } = this.#options
    if (!restart(partition, first)) return
    observer.logReplaced(partition.topic)
    log.logReplaced({ ...partition, first })
  }
}
