import { hash } from 'node:crypto'

/** An event that has passed its schema, as it was parsed. The five properties are well-formed strings; it may have more. */
export interface Event {
  readonly uid: string
  readonly context: string
  readonly event_type: string
  readonly client: string
  /** As it came. */
  readonly created_at: string
}

export const EVENT_PROPERTIES = ['uid', 'context', 'event_type', 'client', 'created_at'] as const satisfies ReadonlyArray<keyof Event>

/**
 * The message to an event's client: the event's own JSON text, with characters that SQS refuses written as `\u` escapes.
 */
export function messageBodyOf (text: Buffer): Buffer {
  return text.includes(FIRST_BYTE_OF_REFUSED) ? escapeRefused(text) : text
}

/**
 * Same for a replay of the same bytes and different for another event, also under the same uid, which is a part of the
 * body. SQS takes up to 128 characters.
 */
export function deduplicationIdOf (body: Buffer): string {
  return hash('sha256', body)
}

export const DEDUPLICATION_ID_CHARACTERS = 64

/**
 * SQS takes `#x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF`. Of what it refuses, only U+FFFE and U+FFFF stand
 * unescaped in JSON in UTF-8, and only inside strings, where any reader turns an escape back into the same character.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
function escapeRefused (text: Buffer): Buffer {
  return Buffer.from(text.toString('utf8').replace(/[\uFFFE\uFFFF]/g, character => `\\u${character.charCodeAt(0).toString(16)}`))
}

/** U+FFFE is EF BF BE and U+FFFF is EF BF BF; so begin U+F000 to U+FFFD as well, which is rare enough. */
const FIRST_BYTE_OF_REFUSED = 0xEF
