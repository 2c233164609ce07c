import { classOf } from '../../errors.js'
import { DONE, environment, type Outcome, poison, transient } from '../../engine/outcome.js'
import { type CallFailure, classifyError, codeOfServiceError } from '../aws/classify-error.js'
import { isolateRefused } from '../aws/isolate-refused.js'
import { type BatchSendAnswer, type BatchSender } from './batch-sender.js'
import { type Entry } from './entry.js'
import { type Queue } from './queue-directory.js'

/** Sends entries to one queue, in one call where the queue's limit allows. One outcome per entry, in order. */
export async function sendEntries (sender: BatchSender, queue: Queue, entries: readonly Entry[], signal: AbortSignal): Promise<readonly Outcome[]> {
  return await isolateRefused({
    parts: partsWithin(queue.maximumMessageSize, entries),
    scope: 'key',
    call: part => send(sender, queue, part, signal)
  })
}

/** The sum of a call has the limit of one message. */
function partsWithin (maxBytes: number, entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = []
  let room = 0
  for (const entry of entries) {
    if (parts.length === 0 || entry.bytes > room) {
      parts.push([])
      room = maxBytes
    }
    parts.at(-1)?.push(entry)
    room -= entry.bytes
  }
  return parts
}

async function send (sender: BatchSender, queue: Queue, entries: readonly Entry[], signal: AbortSignal): Promise<readonly Outcome[] | CallFailure> {
  try {
    return outcomesOf(entries, await sender.send(queue.url, entries, signal))
  } catch (error) {
    return classifyError(error)
  }
}

const NOT_IN_ANSWER = transient('UNKNOWN', 'the answer does not name the entry')
const WRONG_DIGEST = transient('UNKNOWN', 'the digest of the body in the answer is not that of the body sent')

const ALL_THROTTLED = environment('key', 'THROTTLED', 'every entry was throttled')

function outcomesOf (entries: readonly Entry[], answer: BatchSendAnswer): readonly Outcome[] {
  const outcomes: Outcome[] = entries.map(() => NOT_IN_ANSWER)
  for (const { Id: id, MD5OfMessageBody: digest } of answer.Successful ?? []) {
    const entry = entries[Number(id)]
    if (entry !== undefined) outcomes[Number(id)] = digest === entry.md5 ? DONE : WRONG_DIGEST
  }
  for (const { Id: id, Code: name = 'no code given', SenderFault: senderFault = false } of answer.Failed ?? []) {
    if (entries[Number(id)] !== undefined) outcomes[Number(id)] = outcomeOfEntry(name, senderFault)
  }
  return outcomes.every(isThrottled) ? outcomes.map(() => ALL_THROTTLED) : outcomes
}

/** A fault of the sender that is by nature one of the queue (its key, its policy, its quota) is no fault of the message. */
function outcomeOfEntry (name: string, senderFault: boolean): Outcome {
  const code = codeOfServiceError(name)
  if (code === 'THROTTLED') return transient('ENTRY_FAILED', name, { throttled: true })
  if (code !== undefined && classOf(code) === 'environment') return environment('key', code, name)
  return senderFault ? poison('REFUSED', name) : transient('ENTRY_FAILED', name)
}

function isThrottled (outcome: Outcome): boolean {
  return outcome.class === 'transient' && outcome.throttled === true
}
