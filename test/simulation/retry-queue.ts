import { type LogRecord } from './log.js'

export const VISIBILITY_MS = 20_000
const DEDUPLICATION_MS = 300_000

/** A message of the retry queue. */
export class RetryMessage {
  readonly record: LogRecord
  readonly attempts: number
  visibleAt: number
  /** The life that works on it and keeps it hidden. */
  holder: object | undefined
  deleted = false

  constructor (record: LogRecord, attempts: number, visibleAt: number) {
    this.record = record
    this.attempts = attempts
    this.visibleAt = visibleAt
  }
}

/** The retry queue as the service has it, with its deduplication. */
export class RetryQueue {
  readonly #accepted = new Map<string, number>()
  messages: RetryMessage[] = []

  send (record: LogRecord, attempts: number, id: string, now: number): void {
    const before = this.#accepted.get(id)
    record.handedOver++
    if (before !== undefined && now - before < DEDUPLICATION_MS) return
    this.#accepted.set(id, now)
    this.messages.push(new RetryMessage(record, attempts, now))
  }

  receive (most: number, now: number, holder: object): RetryMessage[] {
    const received = this.messages.filter(message => message.holder === undefined && message.visibleAt <= now).slice(0, most)
    for (const message of received) message.holder = holder
    return received
  }

  delete (message: RetryMessage): void {
    message.deleted = true
    message.holder = undefined
    this.messages = this.messages.filter(other => other !== message)
  }

  /** Hidden until then, and nobody prolongs it. */
  release (message: RetryMessage, visibleAt: number): void {
    message.holder = undefined
    message.visibleAt = visibleAt
  }

  holderDied (holder: object, now: number): void {
    for (const message of this.messages) if (message.holder === holder) this.release(message, now + VISIBILITY_MS)
  }

  get nextVisibleAt (): number {
    let next = Infinity
    for (const { holder, visibleAt } of this.messages) if (holder === undefined) next = Math.min(next, visibleAt)
    return next
  }

  holds (record: LogRecord): boolean {
    return this.messages.some(message => message.record === record)
  }
}
