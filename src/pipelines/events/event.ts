import { hash } from 'node:crypto'

/** What the stages know of an event. */
export interface EventPayload {
  readonly uid: string
  readonly context: string
  readonly eventType: string
  readonly client: string
  /** As it came. */
  readonly createdAt: string
  /** The event's own JSON text, when it has properties beyond the five: the row keeps it. */
  readonly text: string | undefined
  /** The message to its client: the event's own JSON text, in characters that SQS takes. */
  readonly body: string
  readonly deduplicationId: string
}

/** What is read out of an event's bytes; the rest of the payload follows from it and the text. */
export interface EventFields {
  readonly uid: string
  readonly context: string
  readonly eventType: string
  readonly client: string
  readonly createdAt: string
  readonly hasExtras: boolean
  readonly needsEscapes: boolean
  readonly deduplicationId: string
}

export function toPayload (fields: EventFields, text: string): EventPayload {
  const { uid, context, eventType, client, createdAt, hasExtras, needsEscapes, deduplicationId } = fields
  return {
    uid,
    context,
    eventType,
    client,
    createdAt,
    text: hasExtras ? text : undefined,
    body: needsEscapes ? escapeRefused(text) : text,
    deduplicationId
  }
}

/**
 * The JSON text with characters that SQS refuses written as `\u` escapes, which any reader turns back into the same
 * string. In JSON they can only stand inside strings, where an escape is allowed.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function escapeRefused (text: string): string {
  return text.replace(REFUSED_BY_SQS, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function needsEscapes (text: string): boolean {
  return REFUSED_BY_SQS_ONCE.test(text)
}

/**
 * Same for a replay of the same bytes and different for another event under the same uid. The length in front keeps
 * uid and body apart. 64 characters: within the 128 that SQS takes.
 */
export function deduplicationId (uid: string, body: string): string {
  return hash('sha256', `${uid.length}:${uid}${body}`)
}

/** Outside `#x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF`; with `u` a surrogate matches only when it is alone. */
const REFUSED_BY_SQS = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu
const REFUSED_BY_SQS_ONCE = new RegExp(REFUSED_BY_SQS.source, 'u')
