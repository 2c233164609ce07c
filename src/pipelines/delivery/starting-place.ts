import { type Asking, askUntilAnswered } from '../../connectors/kafka/ask-until-answered.js'
import { type AwaitedTopic, awaitTopic } from '../../connectors/kafka/await-topic.js'
import { type KafkaSettings } from '../../connectors/kafka/client-config.js'
import { systemClock } from '../../engine/clock.js'
import { type Logger } from '../../service/logger.js'
import { type Health } from '../../service/health.js'
import { KafkaReporter } from '../common/kafka-reporter.js'

/** Whoever accepts events makes the topic at its start; destinations that start beside it need not say that it is missing. */
const MISSING_AFTER_MS = 5_000

export interface StartingPlaceOptions {
  readonly kafka: KafkaSettings
  readonly topic: string
  readonly logger: Logger
  readonly health: Health
}

/**
 * What destinations wait for before they read: the topic of the events, which others make, and the place of a group that
 * begins at the end. That place is committed once and for all before anything is read. Left to the client, the end
 * would be looked up with each start that finds no commit, for each new partition, and after a loss to retention: whatever
 * lies before it would be passed over each time.
 */
export class StartingPlace {
  readonly #options: StartingPlaceOptions
  readonly #reporter: KafkaReporter
  readonly #ending = new AbortController()
  #topic: Promise<AwaitedTopic | undefined> | undefined
  /** Ends with the asking that is under way. */
  #asked: Promise<unknown> = Promise.resolve()

  constructor (options: StartingPlaceOptions) {
    this.#options = options
    this.#reporter = new KafkaReporter(options.logger, 'consumer', options.health)
  }

  /** Resolves when the group may begin to read, or when `signal` aborts: then all destinations of the process end. */
  async prepare (groupId: string, startAt: 'earliest' | 'latest', signal: AbortSignal): Promise<void> {
    if (signal.aborted) this.#ending.abort()
    signal.addEventListener('abort', () => { this.#ending.abort() })
    const topic = await (this.#topic ??= this.#awaitTopic())
    if (topic === undefined || startAt === 'earliest') return
    const at = topic.isNew ? 'beginning' : 'end'
    await askUntilAnswered(this.#asking(), async admin => await admin.placeGroup(groupId, topic.name, topic.partitions, at))
    this.#reporter.alive()
  }

  async #awaitTopic (): Promise<AwaitedTopic | undefined> {
    const { topic } = this.#options
    const found = await awaitTopic(this.#asking(), topic, waitedMs => {
      if (waitedMs >= MISSING_AFTER_MS) this.#reporter.topicsMissing([topic])
    })
    if (found !== undefined) this.#reporter.alive()
    return found
  }

  #asking (): Asking {
    return {
      kafka: this.#options.kafka,
      clock: systemClock,
      signal: this.#ending.signal,
      turn: async <A>(ask: () => Promise<A>): Promise<A> => {
        const mine = this.#asked.then(ask)
        this.#asked = mine.catch(() => {})
        return await mine
      },
      failed: (reason: string, waitedMs: number) => { this.#reporter.waitingForBrokers(reason, waitedMs) }
    }
  }
}
