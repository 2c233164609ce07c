import { type ClientError } from './client-error.js'
import { type CommittableOffset, type TopicPartition } from '../../engine/intake.js'

/** What the Kafka connector has to say to an operator. Handed in by the pipeline. */
export interface KafkaLog {
  waitingForBrokers (reason: string, waitedMs: number): void
  connected (): void
  clientError (error: ClientError): void
  /** The brokers and the topics are there again. */
  alive (): void
  topicsMissing (topics: readonly string[]): void
  pollFailed (error: ClientError): void
  callFailed (what: string, error: unknown): void
  commitFailed (reason: string, failuresInARow: number): void
  rebalanced (event: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void
  /** Records from `offset` to before `first` were deleted before they were read. */
  offsetsLost (loss: CommittableOffset & { readonly first: number, readonly lost: number }): void
  /** The topic was deleted and created again: this partition is read from the beginning of its new log, `first`. */
  logReplaced (replaced: TopicPartition & { readonly first: number }): void
  stuckDisconnect (waitedMs: number): void
}
