import { type Flight } from '../../engine/flight.js'
import { DONE, type Outcome } from '../../engine/outcome.js'
import { type BatchPolicy, type Stage } from '../../engine/stage.js'
import { outcomeOfDelivery } from './delivery-outcome.js'
import { type DeliveryProducer } from './delivery-producer.js'
import { partitionNames } from './partition-names.js'
import { type DeliveryFailure, type OutgoingMessage } from './shipment.js'

export interface TopicStageOptions<T> {
  readonly producer: Pick<DeliveryProducer, 'deliver'>
  readonly name: string
  /** At most 65,536 records. The client fills its requests by itself, so a linger here only adds to its own. */
  readonly batch: BatchPolicy
  /** Calls in flight per topic. */
  readonly concurrency: number
  /** Where the record goes. What happens to one topic does not touch the others. */
  topicOf (flight: Flight<T>): string
  /** What is sent; asked when it leaves. */
  messageOf (flight: Flight<T>): OutgoingMessage
  /** Bytes that the message adds to a call; those of the record by default. */
  bytesOf? (flight: Flight<T>): number
}

/**
 * Writes each record to its topic, and has it done when all replicas have it. The lane is the source's partition: what
 * has one key stands in one partition there, and comes to one partition of its topic in the same order, through
 * retries. A repeated send adds the message again: at least once.
 */
export function createTopicStage<T> (options: TopicStageOptions<T>): Stage<T> {
  const { producer, name, batch, concurrency, topicOf, messageOf, bytesOf } = options
  const nameOf = partitionNames()
  return {
    name,
    batch,
    concurrency,
    batchKey: topicOf,
    orderKey: ({ record }) => nameOf(record),
    bytes: flight => bytesOf?.(flight) ?? flight.bytes,
    run: async (flights, signal) => {
      const failures = await producer.deliver({ length: flights.length, at: index => messageOf(flights[index] as Flight<T>) }, signal)
      if (failures === undefined) return new Array<Outcome>(flights.length).fill(DONE)
      const topic = topicOf(flights[0] as Flight<T>)
      return failures.map(failure => outcomeOf(failure, topic))
    }
  }
}

function outcomeOf (failure: DeliveryFailure | undefined, topic: string): Outcome {
  return failure === undefined ? DONE : outcomeOfDelivery(failure, topic, 'key')
}
