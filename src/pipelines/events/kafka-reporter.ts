import { type TopicPartition } from '../../engine/intake.js'
import { type KafkaLog } from '../../connectors/kafka/kafka-log.js'
import { type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { describeError } from '../../errors.js'

/** The client repeats its errors as long as they last; one line in this time says so. */
const REPEAT_EVERY_MS = 30_000
/**
 * Errors without whose end nothing is consumed, by their code.
 * https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka.h: rd_kafka_resp_err_t
 */
const BLOCKING: ReadonlyMap<number, string> = new Map([
  [-187, 'all brokers are down'],
  [-181, 'the TLS handshake with the brokers fails'],
  [-169, 'the login at the brokers fails'],
  [-188, 'the topic does not exist'],
  [3, 'the topic does not exist'],
  [29, 'no right to read the topic'],
  [30, 'no right to join the consumer group']
])

/** Turns what the Kafka connector says into log lines and the `kafka` health check. */
export class KafkaReporter implements KafkaLog {
  readonly #logger: Logger
  readonly #health: Health
  readonly #lastSaid = new Map<string, number>()

  constructor (logger: Logger, health: Health) {
    this.#logger = logger
    this.#health = health
    health.red('kafka', 'not connected yet')
  }

  waitingForBrokers (reason: string, waitedMs: number): void {
    this.#health.red('kafka', 'the brokers do not answer')
    this.#sometimes('waiting', () => {
      this.#logger.warn({ reason, waitedMs: Math.round(waitedMs) }, 'waiting for the Kafka brokers; check KAFKA_BROKERS and that they run')
    })
  }

  connected (): void {
    this.#health.green('kafka')
    this.#logger.info('connected to Kafka')
  }

  clientError (error: { readonly message: string, readonly code?: number }): void {
    const reason = BLOCKING.get(error.code ?? 0)
    if (reason !== undefined) this.#health.red('kafka', reason)
    this.#sometimes(`client ${error.code ?? ''}`, () => {
      this.#logger.warn({ reason: error.message, code: error.code }, 'the Kafka client reports an error; it reconnects by itself')
    })
  }

  alive (): void {
    this.#health.green('kafka')
  }

  topicsMissing (topics: readonly string[]): void {
    this.#health.red('kafka', `the topic does not exist: ${topics.join(', ')}`)
    this.#sometimes('topics', () => { this.#logger.warn({ topics }, 'a topic does not exist; `penstock create` makes it') })
  }

  pollFailed (error: { readonly message: string, readonly code?: number }): void {
    const blocking = BLOCKING.get(error.code ?? 0)
    if (blocking !== undefined) this.#health.red('kafka', blocking)
    this.#sometimes(`poll ${error.code ?? ''}`, () => { this.#logger.warn({ reason: error.message, code: error.code }, 'a poll failed; polling goes on') })
  }

  callFailed (what: string, error: unknown): void {
    this.#logger.warn({ what, reason: describeError(error) }, 'the Kafka client refused a call; the next rebalance puts it right')
  }

  commitFailed (reason: string, failuresInARow: number): void {
    this.#sometimes('commit', () => { this.#logger.warn({ reason, failuresInARow }, 'a commit failed; the next one carries the newest safe offsets') })
  }

  rebalanced (event: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    this.#logger.info({ event, partitions: partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ') }, `partitions ${event}`)
  }

  stuckDisconnect (waitedMs: number): void {
    this.#logger.error({ waitedMs }, 'the Kafka client does not disconnect; it is left to the end of the process')
  }

  #sometimes (what: string, say: () => void): void {
    const now = performance.now()
    if (now - (this.#lastSaid.get(what) ?? -Infinity) < REPEAT_EVERY_MS) return
    this.#lastSaid.set(what, now)
    say()
  }
}
