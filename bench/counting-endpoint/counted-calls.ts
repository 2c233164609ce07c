import { hash } from 'node:crypto'
import { type Answer, ok } from '../recording-endpoint/answer.js'
import { type Tally } from './tally.js'

interface Message {
  readonly Id: string
  readonly MessageBody: string
}

const TOOK_ALL: Answer = { status: 200, body: '{"UnprocessedItems":{}}' }
const ROW_UID = '"UUID":{"S":"'
const EVENT_UID = '"uid":"'

/** Whether the next entry fails. */
export type Fails = () => boolean

/** Rows are found without parsing: inside a string no such key has bare quotation marks. */
export function countRows (tally: Tally, body: Buffer, fails: Fails): Answer {
  const text = body.toString('latin1')
  const failed: number[] = []
  for (let at = text.indexOf(ROW_UID), row = 0; at !== -1; at = text.indexOf(ROW_UID, at), row++) {
    at += ROW_UID.length
    if (fails()) failed.push(row)
    else tally.row(text, at)
  }
  return failed.length === 0 ? TOOK_ALL : unprocessed(body, failed)
}

function unprocessed (body: Buffer, failed: readonly number[]): Answer {
  const { RequestItems: tables } = JSON.parse(body.toString()) as { readonly RequestItems: Readonly<Record<string, readonly unknown[]>> }
  const left = Object.entries(tables).map(([table, rows]) => [table, failed.map(row => rows[row])])
  return ok({ UnprocessedItems: Object.fromEntries(left) })
}

/**
 * Entries are parsed: finding their bodies by hand and undoing the escapes saves 0.3 of 1.5 µs an entry, of which the
 * digest, which the service compares, takes 0.5.
 */
export function countMessages (tally: Tally, body: Buffer, fails: Fails): Answer {
  const { Entries: entries } = JSON.parse(body.toString()) as { readonly Entries: readonly Message[] }
  let taken = ''
  let failed = ''
  for (const { Id: id, MessageBody: text } of entries) {
    if (fails()) {
      failed += `${failed === '' ? '' : ','}{"Id":"${id}","SenderFault":false,"Code":"InternalError","Message":"as asked"}`
      continue
    }
    countMessage(tally, text)
    taken += `${taken === '' ? '' : ','}{"Id":"${id}",${acceptanceOf(text)}}`
  }
  return { status: 200, body: `{"Successful":[${taken}],"Failed":[${failed}]}` }
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
