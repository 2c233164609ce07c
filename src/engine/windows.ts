import { type TopicPartition } from './intake.js'
import { Window, type WindowOwner } from './window.js'

/** The current window of every assigned partition. At most one per partition is not closed. */
export class Windows<T> {
  readonly #owner: WindowOwner<T>
  readonly #byTopic = new Map<string, Array<Window<T> | undefined>>()
  #epochs = 0
  #size = 0

  constructor (owner: WindowOwner<T>) {
    this.#owner = owner
  }

  get size (): number {
    return this.#size
  }

  open ({ topic, partition }: TopicPartition): Window<T> {
    let partitions = this.#byTopic.get(topic)
    if (partitions === undefined) {
      partitions = []
      this.#byTopic.set(topic, partitions)
    }
    const window = new Window<T>(topic, partition, ++this.#epochs, this.#owner)
    if (partitions[partition] === undefined) this.#size++
    partitions[partition] = window
    return window
  }

  get (topic: string, partition: number): Window<T> | undefined {
    return this.#byTopic.get(topic)?.[partition]
  }

  /** Forgets the window, if it is still the current one of its partition. */
  delete (window: Window<T>): void {
    const partitions = this.#byTopic.get(window.topic)
    if (partitions?.[window.partition] !== window) return
    partitions[window.partition] = undefined
    this.#size--
  }

  pick (partitions: readonly TopicPartition[]): Array<Window<T>> {
    return partitions.map(({ topic, partition }) => this.get(topic, partition)).filter(window => window !== undefined)
  }

  * [Symbol.iterator] (): IterableIterator<Window<T>> {
    for (const partitions of this.#byTopic.values()) {
      for (const window of partitions) if (window !== undefined) yield window
    }
  }
}
