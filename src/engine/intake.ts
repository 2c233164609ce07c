import { type SourceRecord } from './record.js'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface CommittableOffset extends TopicPartition {
  readonly offset: number
}

/**
 * What a source of partitions sees of the engine. The source polls, pauses and commits; the engine says how much may
 * be pulled and what may be committed.
 */
export interface Intake {
  /** Records that may be pulled now; 0 while the engine is full, held or draining. */
  readonly available: number
  /** Full no more by a margin: a paused source may go on. */
  readonly relaxed: boolean
  /**
   * False after a silence of polls in which the partitions may have gone to others, until polling has gone on for so long
   * that the group would have said so: nothing leaves meanwhile, and no commit should.
   */
  readonly awake: boolean
  /** Records settled since the start. */
  readonly settledTotal: number
  /** Called when `available` may have grown. */
  onAvailable: (() => void) | undefined

  /** A new epoch of this partition begins. */
  open (partition: TopicPartition): void
  /** Records of one poll, in the order of each partition. Those of a partition that is not open are ignored. */
  receive (records: readonly SourceRecord[]): void
  /**
   * The source stands at the end of this partition's log: everything below `offset` was received in this epoch or will
   * never surface. Told after the records of the same poll.
   */
  reachedEnd (partition: TopicPartition, offset: number): void
  /** A poll came back, with or without records. */
  polled (): void
  /** Partitions whose span is used up: they must not be polled until it shrinks. */
  blocked (): readonly TopicPartition[]
  /**
   * Ends the intake of these partitions: drops what has not started, finishes what has. Resolves true when everything
   * up to the highest started offset is settled, false when `timeoutMs` passed or `signal` aborted first; their calls
   * are given up then.
   */
  drain (partitions: readonly TopicPartition[], timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  /** Watermarks with news, of epochs that are not closed; of the named partitions, or of all. */
  committable (partitions?: readonly TopicPartition[]): CommittableOffset[]
  /** The broker has confirmed these. */
  committed (offsets: readonly CommittableOffset[]): void
  /** The epochs of these partitions are over; late ends of their records are only counted. */
  close (partitions: readonly TopicPartition[]): void
}
