import { type FailureCode } from '../../errors.js'
import { type GeneratedEvent } from '../valid-event.js'

/** A way in which a record can be wrong. */
export interface InvalidKind {
  readonly name: string
  /** What the dead letter must say. */
  readonly expected: FailureCode
  /** Made from an event that was valid. */
  make (event: GeneratedEvent): Buffer | null
  /** Can not live in a file of lines that Kafka Connect reads as text: line breaks, malformed UTF-8, no value at all. */
  readonly directOnly?: boolean
  /** Around a megabyte and more; some need higher limits of broker and topic. Only made when named. */
  readonly large?: boolean
}

type Options = Pick<InvalidKind, 'directOnly' | 'large'>

export function kind (name: string, expected: FailureCode, make: (event: GeneratedEvent) => Buffer | string | null, options: Options = {}): InvalidKind {
  return {
    name,
    expected,
    make: event => {
      const value = make(event)
      return typeof value === 'string' ? Buffer.from(value) : value
    },
    ...options
  }
}

/** The event's JSON with text put before its closing brace. */
export function plus (event: GeneratedEvent, text: string): string {
  return `${JSON.stringify(event).slice(0, -1)},${text}}`
}
