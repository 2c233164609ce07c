import { createHash } from 'node:crypto'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: letters, digits, ASCII punctuation. */
const ALLOWED = /^[\x21-\x7e]{1,128}$/

/** A message group id or deduplication id made of any text: as it is where SQS takes it, else its SHA-256. */
export function fifoId (text: string): string {
  return ALLOWED.test(text) ? text : createHash('sha256').update(text).digest('hex')
}
