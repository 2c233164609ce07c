import { hash } from 'node:crypto'
import { type Answer } from '../recording-endpoint/answer.js'
import { type Tally } from './tally.js'

interface Message {
  readonly Id: string
  readonly MessageBody: string
}

const TOOK_ALL: Answer = { status: 200, body: '{"UnprocessedItems":{}}' }
const ROW_UID = '"UUID":{"S":"'
const EVENT_UID = '"uid":"'

/** Rows are found without parsing: inside a string no such key has bare quotation marks. */
export function countRows (tally: Tally, body: Buffer): Answer {
  const text = body.toString('latin1')
  for (let at = text.indexOf(ROW_UID); at !== -1; at = text.indexOf(ROW_UID, at)) {
    at += ROW_UID.length
    tally.row(text, at)
  }
  return TOOK_ALL
}

/**
 * Entries are parsed: finding their bodies by hand and undoing the escapes saves 0.3 of 1.5 µs an entry, of which the
 * digest, which the service compares, takes 0.5.
 */
export function countMessages (tally: Tally, body: Buffer): Answer {
  const { Entries: entries } = JSON.parse(body.toString()) as { readonly Entries: readonly Message[] }
  let answers = ''
  for (const { Id: id, MessageBody: text } of entries) {
    countMessage(tally, text)
    answers += `${answers === '' ? '' : ','}{"Id":"${id}",${acceptanceOf(text)}}`
  }
  return { status: 200, body: `{"Successful":[${answers}],"Failed":[]}` }
}

export function countSingleMessage (tally: Tally, body: Buffer): Answer {
  const { MessageBody: text } = JSON.parse(body.toString()) as Message
  countMessage(tally, text)
  return { status: 200, body: `{${acceptanceOf(text)}}` }
}

function countMessage (tally: Tally, text: string): void {
  tally.message(text, text.indexOf(EVENT_UID) + EVENT_UID.length)
}

function acceptanceOf (text: string): string {
  return `"MD5OfMessageBody":"${hash('md5', text)}","MessageId":"00000000-0000-0000-0000-000000000000","SequenceNumber":"18850000000000000000"`
}
