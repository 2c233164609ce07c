import { KafkaAdmin } from '../../../src/connectors/kafka/admin.js'
import { type KafkaSettings } from '../../../src/connectors/kafka/client-config.js'
import { AppError } from '../../../src/errors.js'

const LOOK_EVERY_MS = 50
const TIMEOUT_MS = 2_000

/** Counts the messages of some topics, repetitions among them, as long as a broker tells where they end. */
export class OutputWatch {
  readonly #admin: KafkaAdmin
  readonly #partitions: ReadonlyArray<readonly [topic: string, partition: number]>
  readonly #ends: number[]
  #timer: NodeJS.Timeout | undefined
  #looking = Promise.resolve()
  #ended = false

  private constructor (admin: KafkaAdmin, partitions: ReadonlyArray<readonly [string, number]>) {
    this.#admin = admin
    this.#partitions = partitions
    this.#ends = partitions.map(() => 0)
    this.#lookLater()
  }

  /** All topics must exist. Ends with the test. */
  static async start (t: { teardown (handler: () => Promise<void>): void }, kafka: KafkaSettings, topics: readonly string[]): Promise<OutputWatch> {
    const admin = await KafkaAdmin.connect(kafka, TIMEOUT_MS)
    const found = await admin.describeTopics(topics)
    const watch = new OutputWatch(admin, found.flatMap((topic, index) => (topic?.partitions ?? []).map(partition => [topics[index] ?? '', partition] as const)))
    t.teardown(() => watch.#end())
    return watch
  }

  /** So far; a moment old. */
  get count (): number {
    return this.#ends.reduce((sum, end) => sum + end, 0)
  }

  #lookLater (): void {
    if (this.#ended) return
    this.#timer = setTimeout(() => { this.#looking = this.#look().finally(() => { this.#lookLater() }) }, LOOK_EVERY_MS)
  }

  async #look (): Promise<void> {
    for (const [index, [topic, partition]] of this.#partitions.entries()) {
      try {
        this.#ends[index] = Math.max(this.#ends[index] ?? 0, (await this.#admin.watermarks(topic, partition)).high)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        // No broker tells for the moment.
      }
    }
  }

  async #end (): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#looking
    await this.#admin.close()
  }
}
