import { createHash } from 'node:crypto'
import { type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { AppError } from '../../errors.js'
import { type Clock } from '../../engine/clock.js'
import { type ReplayMessage } from '../../engine/replay.js'
import { callWithin } from '../aws/call-within.js'
import { toAppError } from '../aws/classify-error.js'
import { RECEIVE_MAX_MESSAGES, RECEIVE_MAX_WAIT_MS } from './limits.js'
import { type Queue, type QueueDirectory } from './queue-directory.js'
import { ReceiptKeeper } from './receipt-keeper.js'
import { decodeEnvelope } from './retry-envelope.js'
import { LONGEST_REST_MS, NOT_BEFORE, RETRY_COUNT, RETRY_QUEUE_KEY } from './retry-send-stage.js'
import { type SqsCalls } from './sqs-calls.js'

export interface RetryQueueReceiverOptions {
  readonly calls: SqsCalls
  readonly queues: QueueDirectory
  readonly clock: Clock
  readonly visibilityMs: number
  /** How long a call waits for a message, at most 20 s. */
  readonly waitMs?: number
  /** Messages that may be taken now; 0 stops receiving. `wake` says that it has grown. */
  credit (): number
  /** Takes the messages over, in the order they were received. */
  deliver (messages: readonly ReplayMessage[]): void
  readonly observer: RetryQueueObserver
}

export interface RetryQueueObserver {
  /** Nothing that this program wrote, or damaged: it stays in the queue, hidden for an hour, and is never deleted. */
  undecodable (messageId: string, reason: string): void
  /** A call that failed; it is repeated, or the messages come back by themselves. */
  failed (action: 'receive' | 'delete' | 'prolong' | 'release', error: AppError, messages: number): void
}

const UNDECODABLE_HIDDEN_MS = 60 * 60 * 1000
/** What clocks of two processes may differ by. A rest that is still longer was given by a clock that was set back since, and is over. */
const CLOCKS_DIFFER_MS = 60_000
const CREDIT_LOOK_MS = 1_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/**
 * How long a stop waits for an answer that may be on its way: what SQS hands to a connection that breaks is hidden from
 * everybody until `visibilityMs` is over.
 */
const LAST_ANSWER_MS = 200

/**
 * Takes records from the retry queue in one receive loop, never more than there is credit for. A message is deleted
 * when its record has its end, is kept hidden until then, and comes back by itself if this process dies.
 */
export class RetryQueueReceiver {
  readonly #options: RetryQueueReceiverOptions
  readonly #giveUp = new AbortController()
  #stopping = false
  #keeper: ReceiptKeeper | undefined
  #loop: Promise<void> | undefined
  #wake: (() => void) | undefined

  constructor (options: RetryQueueReceiverOptions) {
    this.#options = options
  }

  /** Messages that are being worked on. */
  get held (): number {
    return this.#keeper?.held ?? 0
  }

  start (): void {
    this.#loop ??= this.#run()
  }

  wake (): void {
    this.#wake?.()
  }

  /** Takes nothing more; what was taken goes on, and what still comes is given back. */
  async stop (): Promise<void> {
    this.#stopping = true
    this.wake()
    const timer = setTimeout(() => { this.#giveUp.abort() }, LAST_ANSWER_MS)
    await this.#loop
    clearTimeout(timer)
  }

  /** Stops, gives back what has no end yet, and waits for the deletions under way. */
  async close (timeoutMs: number): Promise<void> {
    await this.stop()
    await this.#keeper?.close(timeoutMs)
  }

  async #run (): Promise<void> {
    let failures = 0
    while (!this.#stopping) {
      const credit = Math.min(this.#options.credit(), RECEIVE_MAX_MESSAGES)
      if (credit <= 0) {
        await this.#pause(CREDIT_LOOK_MS)
        continue
      }
      try {
        await this.#receive(credit)
        failures = 0
      } catch (error) {
        if (this.#stopping) return
        this.#options.observer.failed('receive', error instanceof AppError ? error : toAppError(error), 0)
        await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures++, 10)))
      }
    }
  }

  async #receive (credit: number): Promise<void> {
    const { queues, calls, visibilityMs } = this.#options
    const waitMs = Math.min(this.#options.waitMs ?? RECEIVE_MAX_WAIT_MS, RECEIVE_MAX_WAIT_MS)
    const queue = await queues.lookUp(RETRY_QUEUE_KEY, this.#giveUp.signal)
    const command = new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: credit,
      WaitTimeSeconds: Math.round(waitMs / 1000),
      VisibilityTimeout: Math.ceil(visibilityMs / 1000),
      MessageAttributeNames: [RETRY_COUNT, NOT_BEFORE]
    })
    const timeoutMs = waitMs + calls.callTimeoutMs
    try {
      const answer = await callWithin(timeoutMs, this.#giveUp.signal, abortSignal =>
        calls.client.send(command, { abortSignal, requestTimeout: timeoutMs }))
      this.#take(queue, answer.Messages ?? [])
    } catch (error) {
      const failure = toAppError(error)
      if (failure.code === 'NOT_FOUND') queues.forget(RETRY_QUEUE_KEY)
      throw failure
    }
  }

  #take (queue: Queue, messages: readonly Message[]): void {
    const keeper = this.#keeper ??= this.#createKeeper(queue)
    const now = this.#options.clock.wallTime()
    const replays: ReplayMessage[] = []
    for (const message of messages) {
      if (!keeper.hold(message)) continue
      const id = message.MessageId ?? ''
      if (this.#stopping) {
        keeper.release(id, 0)
        continue
      }
      const notBefore = Number(message.MessageAttributes?.[NOT_BEFORE]?.StringValue ?? 0)
      const restMs = notBefore - now
      if (restMs > 0 && restMs <= LONGEST_REST_MS + CLOCKS_DIFFER_MS) {
        keeper.release(id, restMs)
        continue
      }
      try {
        replays.push(decode(message, keeper))
      } catch (error) {
        this.#options.observer.undecodable(id, toMessage(error))
        keeper.release(id, UNDECODABLE_HIDDEN_MS)
      }
    }
    if (replays.length > 0) this.#options.deliver(replays)
  }

  #createKeeper (queue: Queue): ReceiptKeeper {
    const { calls, clock, visibilityMs, observer } = this.#options
    return new ReceiptKeeper({
      calls,
      queueUrl: queue.url,
      clock,
      visibilityMs,
      failed: (action, error, messages) => { observer.failed(action, error, messages) }
    })
  }

  async #pause (ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = this.#options.clock.setTimer(resolve, ms)
      this.#wake = () => {
        timer.clear()
        resolve()
      }
    })
    this.#wake = undefined
  }
}

function decode (message: Message, keeper: ReceiptKeeper): ReplayMessage {
  const body = message.Body ?? ''
  if (message.MD5OfBody !== createHash('md5').update(body).digest('hex')) throw new AppError('UNKNOWN', 'the body does not have the digest it came with')
  const attempts = Number(message.MessageAttributes?.[RETRY_COUNT]?.StringValue ?? NaN)
  if (!Number.isSafeInteger(attempts) || attempts < 0) throw new AppError('UNKNOWN', `no attribute ${RETRY_COUNT} that is a count`)
  const { record, failure, unansweredAt } = decodeEnvelope(body)
  const id = message.MessageId ?? ''
  return {
    record,
    attempts,
    failure,
    unansweredAt,
    done: () => { keeper.delete(id) },
    postpone: delayMs => { keeper.release(id, delayMs) }
  }
}

function toMessage (error: unknown): string {
  return error instanceof AppError ? error.message : toAppError(error).message
}
