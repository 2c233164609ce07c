import { type AcceptedMessage, type QueueReport } from './report.js'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html */
const DEDUPLICATION_WINDOW_MS = 5 * 60 * 1000

type Remembered = Omit<AcceptedMessage, 'accepted' | 'others'> & { accepted: number, others?: Remembered[] }

/** What one queue has taken, and what it still knows for deduplication. */
export class QueueRecord {
  accepted = 0
  duplicates = 0
  failed = 0
  /** By uid. */
  readonly messages = new Map<string, Remembered>()
  /** Digest of the last body, by uid. */
  readonly bodies = new Map<string, string>()
  /** Uids in the order of their first acceptance, by group. */
  readonly groups = new Map<string, string[]>()
  readonly #seen = new Map<string, { readonly messageId: string, readonly at: number }>()

  get report (): QueueReport {
    return { accepted: this.accepted, duplicates: this.duplicates, failed: this.failed }
  }

  /** The message that was accepted under this id in the last 5 minutes. Ids are those of a group, as our queues are defined. */
  duplicateOf (groupId: string, deduplicationId: string, now: number): string | undefined {
    const seen = this.#seen.get(`${groupId} ${deduplicationId}`)
    return seen !== undefined && now - seen.at < DEDUPLICATION_WINDOW_MS ? seen.messageId : undefined
  }

  see (groupId: string, deduplicationId: string, messageId: string, at: number): void {
    this.#seen.set(`${groupId} ${deduplicationId}`, { messageId, at })
  }

  /** True when this body was accepted before, and deduplication has forgotten it. */
  repeats (uid: string, digest: string): boolean {
    this.bodies.set(uid, digest)
    const first = this.messages.get(uid)
    const known = first?.sha256 === digest ? first : first?.others?.find(other => other.sha256 === digest)
    if (known === undefined) return false
    known.accepted++
    return true
  }

  remember (uid: string, message: Remembered): void {
    const first = this.messages.get(uid)
    if (first === undefined) this.messages.set(uid, message)
    else (first.others ??= []).push(message)
    const group = this.groups.get(message.group)
    if (group === undefined) this.groups.set(message.group, [uid])
    else group.push(uid)
  }
}
