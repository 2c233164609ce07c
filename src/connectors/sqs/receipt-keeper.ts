import {
  ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, type BatchResultErrorEntry, type Message
} from '@aws-sdk/client-sqs'
import { type AppError } from '../../errors.js'
import { type Clock, type Timer } from '../../engine/clock.js'
import { toAppError } from '../aws/classify-error.js'
import { callWithin } from '../aws/call-within.js'
import { RECEIVE_MAX_MESSAGES, VISIBILITY_MAX_MS } from './limits.js'
import { type SqsCalls } from './sqs-calls.js'

export interface ReceiptKeeperOptions {
  readonly calls: SqsCalls
  readonly queueUrl: string
  readonly clock: Clock
  /** How long a message stays hidden unless that is prolonged. */
  readonly visibilityMs: number
  /** The message comes back later and is worked again; nothing is lost by it. */
  failed (action: 'delete' | 'prolong' | 'release', error: AppError, messages: number): void
}

interface Receipt {
  readonly id: string
  readonly handle: string
  readonly receivedAt: number
}

const DELETE_TRIES = 3
const DELETE_PAUSE_MS = 200

/**
 * Keeps received messages hidden while they are worked on, until they are deleted or given back. Knows a message by
 * its id: one that surfaces again while it is held only renews its receipt.
 */
export class ReceiptKeeper {
  readonly #options: ReceiptKeeperOptions
  readonly #held = new Map<string, Receipt>()
  readonly #calls = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  #toDelete: Receipt[] = []
  #deleting = false
  #heartbeat: Timer | undefined

  constructor (options: ReceiptKeeperOptions) {
    this.#options = options
    this.#scheduleHeartbeat()
  }

  get held (): number {
    return this.#held.size
  }

  /** False if the message is held already. */
  hold (message: Message): boolean {
    const id = message.MessageId ?? ''
    const known = this.#held.has(id)
    this.#held.set(id, { id, handle: message.ReceiptHandle ?? '', receivedAt: this.#options.clock.now() })
    return !known
  }

  /** The message has its end. */
  delete (id: string): void {
    const receipt = this.#take(id)
    if (receipt === undefined) return
    this.#toDelete.push(receipt)
    if (this.#deleting) return
    this.#deleting = true
    this.#track(this.#deleteAll())
  }

  /** Shows the message again after `delayMs`, to this process or another. */
  release (id: string, delayMs: number): void {
    const receipt = this.#take(id)
    if (receipt !== undefined) this.#track(this.#changeVisibility('release', [receipt], delayMs))
  }

  /** Gives back what is held and waits for the calls under way, at most `timeoutMs`. */
  async close (timeoutMs: number): Promise<void> {
    this.#heartbeat?.clear()
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const part of batches(held)) this.#track(this.#changeVisibility('release', part, 0))
    const timer = this.#options.clock.setTimer(() => { this.#abort.abort() }, timeoutMs)
    while (this.#calls.size > 0) await Promise.all(this.#calls)
    timer.clear()
  }

  #take (id: string): Receipt | undefined {
    const receipt = this.#held.get(id)
    this.#held.delete(id)
    return receipt
  }

  #scheduleHeartbeat (): void {
    this.#heartbeat = this.#options.clock.setTimer(() => {
      this.#scheduleHeartbeat()
      // Beyond the longest visibility the service refuses; the message then comes back by itself.
      const oldest = this.#options.clock.now() - VISIBILITY_MAX_MS + this.#options.visibilityMs
      const young = [...this.#held.values()].filter(receipt => receipt.receivedAt > oldest)
      for (const part of batches(young)) this.#track(this.#changeVisibility('prolong', part, this.#options.visibilityMs))
    }, this.#options.visibilityMs / 3)
  }

  async #deleteAll (): Promise<void> {
    // Lets the ends of one call of the engine share a deletion.
    await Promise.resolve()
    while (this.#toDelete.length > 0) {
      await this.#deleteBatch(this.#toDelete.splice(0, RECEIVE_MAX_MESSAGES))
    }
    this.#deleting = false
  }

  async #deleteBatch (receipts: readonly Receipt[]): Promise<void> {
    const { calls, queueUrl, clock, failed } = this.#options
    let left = receipts
    for (let tries = 1; ; tries++) {
      const command = new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: left.map((receipt, index) => ({ Id: String(index), ReceiptHandle: receipt.handle }))
      })
      const failure = await this.#call(async signal => (await calls.client.send(command, { abortSignal: signal })).Failed)
      if (failure === undefined) return
      left = failure.ids === undefined ? left : left.filter((_, index) => failure.ids?.has(String(index)))
      if (tries === DELETE_TRIES || this.#abort.signal.aborted) {
        failed('delete', failure.error, left.length)
        return
      }
      await new Promise<void>(resolve => { clock.setTimer(resolve, DELETE_PAUSE_MS) })
    }
  }

  async #changeVisibility (action: 'prolong' | 'release', receipts: readonly Receipt[], visibilityMs: number): Promise<void> {
    const seconds = Math.ceil(Math.min(Math.max(visibilityMs, 0), VISIBILITY_MAX_MS - this.#options.visibilityMs) / 1000)
    const { calls, queueUrl, failed } = this.#options
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: queueUrl,
      Entries: receipts.map((receipt, index) => ({ Id: String(index), ReceiptHandle: receipt.handle, VisibilityTimeout: seconds }))
    })
    const failure = await this.#call(async signal => (await calls.client.send(command, { abortSignal: signal })).Failed)
    if (failure !== undefined) failed(action, failure.error, failure.ids?.size ?? receipts.length)
  }

  /** What failed, by entry id; without ids when the whole call did. */
  async #call (call: (signal: AbortSignal) => Promise<BatchResultErrorEntry[] | undefined>): Promise<{ error: AppError, ids?: Set<string> } | undefined> {
    try {
      const failed = await callWithin(this.#options.calls.callTimeoutMs, this.#abort.signal, call) ?? []
      const [first] = failed
      if (first === undefined) return undefined
      return { error: toAppError({ name: first.Code }), ids: new Set(failed.map(entry => entry.Id ?? '')) }
    } catch (error) {
      return { error: toAppError(error) }
    }
  }

  #track (call: Promise<void>): void {
    const tracked = call.finally(() => this.#calls.delete(tracked))
    this.#calls.add(tracked)
  }
}

function batches (receipts: readonly Receipt[]): Receipt[][] {
  return Array.from({ length: Math.ceil(receipts.length / RECEIVE_MAX_MESSAGES) }, (_, index) =>
    receipts.slice(index * RECEIVE_MAX_MESSAGES, (index + 1) * RECEIVE_MAX_MESSAGES))
}
