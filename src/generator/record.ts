import { type MessageHeader } from 'node-rdkafka'
import { type FailureCode } from '../errors.js'

/** A record as it is to be sent, and what must become of it. */
export interface MadeRecord {
  readonly index: number
  /** In which way it is right or wrong. */
  readonly kind: string
  /** What the dead letter must say; `unknown` for records of a foreign file. */
  readonly expected: 'valid' | 'unknown' | FailureCode
  readonly value: Buffer | null
  readonly headers?: readonly MessageHeader[]
}
