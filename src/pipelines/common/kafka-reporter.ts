import { type ClientError } from '../../connectors/kafka/client-error.js'
import { type CommittableOffset, type TopicPartition } from '../../engine/intake.js'
import { type KafkaLog } from '../../connectors/kafka/kafka-log.js'
import { CONNECTING, type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { describeError } from '../../errors.js'

/** The client repeats its errors as long as they last; one line in this time says so. */
const REPEAT_EVERY_MS = 30_000
/**
 * Turns what a Kafka client says into log lines and, for the consumer, the `kafka` health check. Producers have none: what
 * counts there is how long a message waits.
 */
export class KafkaReporter implements KafkaLog {
  readonly #logger: Logger
  readonly #client: string
  readonly #health: Health | undefined
  readonly #lastSaid = new Map<string, number>()

  constructor (logger: Logger, client: 'consumer' | 'producer' | 'dead-letter producer', health?: Health) {
    this.#logger = logger
    this.#client = client
    this.#health = health
    health?.red('kafka', CONNECTING)
  }

  waitingForBrokers (reason: string, waitedMs: number): void {
    this.#health?.red('kafka', 'all broker connections are down')
    this.#sometimes('waiting', () => {
      this.#logger.warn({ client: this.#client, reason, waitedMs: Math.round(waitedMs) }, 'waiting for the Kafka brokers; check KAFKA_BROKERS and that they run')
    })
  }

  connected (): void {
    this.#health?.green('kafka')
    this.#logger.info({ client: this.#client }, 'connected to Kafka')
  }

  clientError ({ kind, message }: ClientError): void {
    this.#logger.debug({ client: this.#client, reason: message }, 'the Kafka client reports an error; it reconnects by itself')
    if (kind === 'passing') return
    this.#health?.red('kafka', message)
    this.#sometimes(message, () => { this.#logger.warn({ client: this.#client, reason: message }, 'the Kafka client can not work at present; it tries again by itself') })
  }

  alive (): void {
    this.#health?.green('kafka')
  }

  topicsMissing (topics: readonly string[]): void {
    this.#health?.red('kafka', `the topic does not exist: ${topics.join(', ')}`)
    this.#sometimes('topics', () => { this.#logger.warn({ topics }, 'a topic does not exist; `penstock create` makes it') })
  }

  pollFailed ({ kind, message }: ClientError): void {
    if (kind !== 'passing') this.#health?.red('kafka', message)
    this.#sometimes(`poll ${message}`, () => { this.#logger.warn({ reason: message }, 'a poll failed; polling goes on') })
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

  offsetsLost (loss: CommittableOffset & { readonly first: number, readonly lost: number }): void {
    this.#logger.error({ ...loss }, 'records were deleted before they were read; they are lost. Give the topic a longer retention than the service may be away')
  }

  logReplaced (replaced: TopicPartition & { readonly first: number }): void {
    this.#logger.error({ ...replaced }, 'a partition is another log than the one that was read: its topic was created again. It is read from its beginning; what was left of the former log is gone')
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
