import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { AppError } from '../../errors.js'
import { callWithin } from '../aws/call-within.js'
import { toAppError } from '../aws/classify-error.js'
import { SEND_MAX_BYTES } from './limits.js'
import { regionProblem } from './queue-region.js'

/** How a queue is found: by its URL, or by a name that the service knows the URL of. */
export type QueueAddress = { readonly url: string } | { readonly name: string }

export interface Queue {
  readonly url: string
  /** The largest message the queue takes, attributes included, in bytes. */
  readonly maximumMessageSize: number
}

export interface QueueDirectoryOptions {
  readonly client: Pick<SQSClient, 'send'>
  readonly callTimeoutMs: number
  /** Fixed at start: what is not in it has no queue. */
  readonly addresses: ReadonlyMap<string, QueueAddress>
}

/** A queue that could not be found at start; it is looked for again when its first message leaves. */
export interface QueueProblem {
  readonly key: string
  readonly error: AppError
}

/**
 * The queues a process sends to, by key (a client, say). A queue that is missing or unreachable is no reason not to
 * start: it is looked up again by each call that needs it, one look-up at a time, and the others go on.
 */
export class QueueDirectory {
  readonly #options: QueueDirectoryOptions
  readonly #found = new Map<string, Queue>()
  readonly #lookUps = new Map<string, Promise<Queue>>()

  constructor (options: QueueDirectoryOptions) {
    this.#options = options
  }

  /** Looks every queue up and reports all that could not be found. */
  async resolve (signal: AbortSignal): Promise<readonly QueueProblem[]> {
    const problems = await Promise.all([...this.#options.addresses.keys()].map(async key => {
      try {
        await this.lookUp(key, signal)
      } catch (error) {
        return [{ key, error: error instanceof AppError ? error : toAppError(error) }]
      }
      return []
    }))
    return problems.flat()
  }

  has (key: string): boolean {
    return this.#options.addresses.has(key)
  }

  /** What is known of a queue without asking the service. */
  peek (key: string): Queue | undefined {
    return this.#found.get(key)
  }

  /** Rejects with an `AppError` that says why there is no such queue at present. */
  async lookUp (key: string, signal: AbortSignal): Promise<Queue> {
    const found = this.#found.get(key)
    if (found !== undefined) return found
    const pending = this.#lookUps.get(key) ?? this.#ask(key, signal).finally(() => this.#lookUps.delete(key))
    this.#lookUps.set(key, pending)
    return await pending
  }

  /** The queue turned out to be gone: it may come back with other attributes. */
  forget (key: string): void {
    this.#found.delete(key)
  }

  async #ask (key: string, signal: AbortSignal): Promise<Queue> {
    const address = this.#options.addresses.get(key)
    if (address === undefined) throw new AppError('UNKNOWN_CLIENT', key)
    const url = 'url' in address ? address.url : await this.#urlOf(address.name, signal)
    const queue = await this.#read(url, signal)
    this.#found.set(key, queue)
    return queue
  }

  async #urlOf (name: string, signal: AbortSignal): Promise<string> {
    const { client, callTimeoutMs } = this.#options
    const answer = await named(name, callWithin(callTimeoutMs, signal, abortSignal =>
      client.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal })))
    if (answer.QueueUrl === undefined) throw new AppError('NOT_FOUND', name)
    return answer.QueueUrl
  }

  async #read (url: string, signal: AbortSignal): Promise<Queue> {
    const { client, callTimeoutMs } = this.#options
    const { Attributes: attributes } = await named(url, callWithin(callTimeoutMs, signal, abortSignal =>
      client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['MaximumMessageSize', 'FifoQueue', 'QueueArn'] }), { abortSignal })))
    if (attributes?.FifoQueue !== 'true') throw new AppError('MISCONFIGURED', `${url} is not a FIFO queue`)
    const foreign = regionProblem(url, attributes.QueueArn)
    if (foreign !== undefined) throw new AppError('MISCONFIGURED', foreign)
    const limit = Number(attributes.MaximumMessageSize ?? NaN)
    return { url, maximumMessageSize: limit > 0 ? Math.min(limit, SEND_MAX_BYTES) : SEND_MAX_BYTES }
  }
}

/** Converts an error of the SDK; the detail names the queue. */
async function named<T> (queue: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    const { code, message } = toAppError(error)
    throw new AppError(code, `${queue}: ${message}`, { cause: error })
  }
}
