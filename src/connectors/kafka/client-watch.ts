import { type KafkaConsumer } from 'node-rdkafka'
import { type Clock } from '../../engine/clock.js'
import { type ClientError, toClientError } from './client-error.js'
import { fatalError, type OffsetReset, offsetReset, replacedTopic, tellsOfLoss, tellsOfMissingTopic } from './client-log.js'
import { type KafkaLog } from './kafka-log.js'

/** After an error of the client, the brokers are asked this often whether they and the topics are there again. */
const PROBE_EVERY_MS = 2_000

export interface ClientWatchOptions {
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly log: KafkaLog
  /** The partitions are lost: the group has given them to others. */
  lost (): void
  /** The client has given up a position that the log does not hold. */
  reset (reset: OffsetReset, consumer: KafkaConsumer): void
  /** A topic is another than before, under the same name. */
  replaced (topic: string, consumer: KafkaConsumer): void
}

/** Listens to what a client tells of itself: in its events, in its log, and in the errors of its polls. */
export class ClientWatch {
  readonly #options: ClientWatchOptions
  #fatal: ((error: Error) => void) | undefined
  /** Something said that brokers or topics are away. No event tells that they are back. */
  #suspect = false
  #probedAt = 0

  constructor (options: ClientWatchOptions) {
    this.#options = options
  }

  /** `fatal` is called once, when the client is of no use any more. */
  listen (consumer: KafkaConsumer, fatal: (error: Error) => void): void {
    this.#fatal = fatal
    consumer.on('event.error', error => { this.#failed(toClientError(error)) })
    consumer.on('event.log', line => { this.#logged(line, consumer) })
  }

  /** A poll may be what gets an error first, and then no event tells of it. */
  pollFailed (error: ClientError): void {
    this.#suspect = true
    this.#options.log.pollFailed(error)
    if (error.kind === 'fatal') this.#fail(error.message)
  }

  /** Called between polls: asks after what was away, until it is there again. */
  tend (consumer: KafkaConsumer): void {
    const { topics, clock, log } = this.#options
    const now = clock.now()
    if (!this.#suspect || now - this.#probedAt < PROBE_EVERY_MS) return
    this.#probedAt = now
    // All topics: asked for one, the client would keep an object for it that ignores our settings.
    consumer.getMetadata({ timeout: PROBE_EVERY_MS }, (error, metadata) => {
      if (error !== null && error !== undefined) return
      const there = new Set(metadata?.topics.filter(topic => topic.partitions.length > 0).map(topic => topic.name))
      const missing = topics.filter(topic => !there.has(topic))
      if (missing.length > 0) {
        log.topicsMissing(missing)
        return
      }
      this.#suspect = false
      log.alive()
    })
  }

  #failed (error: ClientError): void {
    this.#suspect = true
    this.#options.log.clientError(error)
    if (error.kind === 'polled-too-late') this.#options.lost()
    if (error.kind === 'fatal') this.#fail(error.message)
  }

  #logged (line: unknown, consumer: KafkaConsumer): void {
    const fatal = fatalError(line)
    if (fatal !== undefined) this.#fail(fatal)
    if (tellsOfLoss(line)) this.#options.lost()
    if (tellsOfMissingTopic(line)) this.#suspect = true
    const reset = offsetReset(line)
    if (reset !== undefined) this.#options.reset(reset, consumer)
    const replaced = replacedTopic(line)
    if (replaced !== undefined) this.#options.replaced(replaced, consumer)
  }

  /** It may be told in several ways, and is passed on once. */
  #fail (reason: string): void {
    const fatal = this.#fatal
    this.#fatal = undefined
    fatal?.(new Error(`Kafka client: ${reason}`))
  }
}
