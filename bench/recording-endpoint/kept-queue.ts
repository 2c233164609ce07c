import { type EndpointClock } from './endpoint-clock.js'

/** A message that waits to be received, or is hidden from others while somebody works on it. */
export interface KeptMessage {
  readonly messageId: string
  readonly sequenceNumber: string
  readonly body: string
  readonly groupId: string
  readonly deduplicationId: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
  /** ms since 1970, by the endpoint's clock. */
  readonly sentAt: number
  firstReceivedAt: number
  receives: number
  visibleAt: number
  /** Of the last reception; an older one is void. */
  receipt: string
}

export interface MessageAttribute {
  readonly DataType: string
  readonly StringValue?: string
}

export interface KeptQueueReport {
  /** In the queue now: to be received, and received and not deleted. */
  readonly visible: number
  readonly hidden: number
  /** Receptions, repeated ones too. */
  readonly received: number
  readonly deleted: number
  /** How often a message was given back, or hidden for longer. */
  readonly visibilityChanges: number
  /** Of any one message. */
  readonly mostReceives: number
}

/**
 * A FIFO queue that is received from. Nothing of a group is handed out while a message of it is hidden, and a receipt
 * is void once its message is visible again.
 */
export class KeptQueue {
  readonly #clock: EndpointClock
  /** Messages by group, oldest first; no group is empty. */
  readonly #groups = new Map<string, KeptMessage[]>()
  readonly #byId = new Map<string, KeptMessage>()
  readonly #waiting = new Set<() => void>()
  #received = 0
  #deleted = 0
  #visibilityChanges = 0
  #mostReceives = 0

  constructor (clock: EndpointClock) {
    this.#clock = clock
  }

  get report (): KeptQueueReport {
    const messages = [...this.#byId.values()]
    const hidden = messages.filter(message => this.#isHidden(message)).length
    return { visible: messages.length - hidden, hidden, received: this.#received, deleted: this.#deleted, visibilityChanges: this.#visibilityChanges, mostReceives: this.#mostReceives }
  }

  put (message: Pick<KeptMessage, 'messageId' | 'sequenceNumber' | 'body' | 'groupId' | 'deduplicationId' | 'attributes'>): void {
    const kept = { ...message, sentAt: this.#clock.now(), firstReceivedAt: 0, receives: 0, visibleAt: 0, receipt: '' }
    const group = this.#groups.get(message.groupId)
    if (group === undefined) this.#groups.set(message.groupId, [kept])
    else group.push(kept)
    this.#byId.set(message.messageId, kept)
    this.wake()
  }

  /** Waits at most `waitMs` for the first; resolves empty-handed when `signal` aborts. */
  async receive (max: number, visibilityMs: number, waitMs: number, signal: AbortSignal): Promise<readonly KeptMessage[]> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const messages = signal.aborted ? [] : this.#take(max, visibilityMs)
      const leftMs = deadline - performance.now()
      if (messages.length > 0 || leftMs <= 0 || signal.aborted) return messages
      await this.#change(Math.min(leftMs, this.#nextVisibleMs()), signal)
    }
  }

  /** False when the receipt is void. Deleting what is gone is no error. */
  delete (receipt: string): boolean {
    const found = this.#find(receipt)
    if (found === undefined) return true
    if (!this.#isCurrent(found, receipt)) return false
    const group = this.#groups.get(found.groupId) ?? []
    group.splice(group.indexOf(found), 1)
    if (group.length === 0) this.#groups.delete(found.groupId)
    this.#byId.delete(found.messageId)
    this.#deleted++
    this.wake()
    return true
  }

  /** False when the receipt is void. */
  changeVisibility (receipt: string, visibilityMs: number): boolean {
    const found = this.#find(receipt)
    if (found === undefined || !this.#isCurrent(found, receipt)) return false
    found.visibleAt = this.#clock.now() + visibilityMs
    this.#visibilityChanges++
    this.wake()
    return true
  }

  bodyOf (receipt: string): string | undefined {
    return this.#find(receipt)?.body
  }

  /** Time or content has changed: who waits looks again. */
  wake (): void {
    for (const look of this.#waiting) look()
  }

  #take (max: number, visibilityMs: number): KeptMessage[] {
    const taken: KeptMessage[] = []
    for (const group of this.#groups.values()) {
      if (taken.length >= max) break
      if (!group.some(message => this.#isHidden(message))) taken.push(...group.slice(0, max - taken.length))
    }
    for (const message of taken) this.#hide(message, visibilityMs)
    return taken
  }

  #hide (message: KeptMessage, visibilityMs: number): void {
    const now = this.#clock.now()
    if (message.receives === 0) message.firstReceivedAt = now
    message.receives++
    message.visibleAt = now + visibilityMs
    message.receipt = `${message.messageId}:${message.receives}`
    this.#received++
    this.#mostReceives = Math.max(this.#mostReceives, message.receives)
  }

  #find (receipt: string): KeptMessage | undefined {
    return this.#byId.get(receipt.slice(0, receipt.indexOf(':')))
  }

  #isCurrent (message: KeptMessage, receipt: string): boolean {
    return message.receipt === receipt && this.#isHidden(message)
  }

  #isHidden (message: KeptMessage): boolean {
    return message.visibleAt > this.#clock.now()
  }

  #nextVisibleMs (): number {
    const now = this.#clock.now()
    let earliest = Infinity
    for (const { visibleAt } of this.#byId.values()) if (visibleAt > now) earliest = Math.min(earliest, visibleAt)
    return earliest - now
  }

  async #change (atMostMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#waiting.delete(end)
        resolve()
      }
      const timer = setTimeout(end, atMostMs)
      signal.addEventListener('abort', end, { once: true })
      this.#waiting.add(end)
    })
  }
}
