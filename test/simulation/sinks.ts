import { type Findings } from './findings.js'
import { nameOf, type LogRecord } from './log.js'
import { type RetryQueue } from './retry-queue.js'
import { type StageName } from './wire.js'

/** What arrives at a sink, with what it knows of whoever sent it. */
export interface Arrival {
  readonly stage: StageName
  readonly record: LogRecord
  /** From the retry queue: in nobody's order. */
  readonly replay: boolean
  /** Its row is written only where it undoes none that is newer. */
  readonly conditional: boolean
  /** Its epoch, or its process, had ended before it arrived: the stated residue of what was on the wire. */
  readonly late: boolean
  /** The sender is told that it was done. */
  readonly acknowledged: boolean
  /** `RetryCount` of a hand-over. */
  readonly attempts: number
  /** Deduplication id of a hand-over. */
  readonly handOverId: string
  /** Reason of a dead letter. */
  readonly code: string
}

/** The table, the clients' queues, the dead letters and the retry queue, and what must hold of all that they accept. */
export class Sinks {
  readonly #findings: Findings
  readonly #retryQueue: RetryQueue
  readonly #rows = new Map<string, LogRecord>()
  /** By uid, then by partition: the highest offset that ever wrote the row. */
  readonly #newestStored = new Map<string, Map<number, number>>()
  /** By uid: the newest record that wrote the row since another partition did. */
  readonly #newest = new Map<string, LogRecord>()
  /** Rows that a late write touched: what they hold now is not promised. */
  readonly #tainted = new Set<string>()
  /** By client and partition: the highest offset that was accepted in order. */
  readonly #accepted = new Map<string, number>()
  /** Records whose sender does not know that they arrived; they may arrive again. */
  readonly #unknown = new Set<LogRecord>()

  constructor (findings: Findings, retryQueue: RetryQueue) {
    this.#findings = findings
    this.#retryQueue = retryQueue
  }

  accept (arrival: Arrival, now: number): void {
    const { stage, record } = arrival
    if (stage === 'table') this.#store(arrival)
    else if (stage === 'queues') this.#send(arrival)
    else if (stage === 'dead letters') record.dead.push(arrival.code)
    else this.#retryQueue.send(record, arrival.attempts, arrival.handOverId, now)
    if (!arrival.acknowledged || arrival.late) this.#unknown.add(record)
  }

  /** It may have arrived, or may be taken up again: a repetition is no surprise. */
  unsure (record: LogRecord): void {
    this.#unknown.add(record)
  }

  /** The row of a uid holds the newest that its partition stored there, unless another partition wrote it since. */
  checkRows (): void {
    for (const [uid, row] of this.#rows) {
      const newest = this.#newest.get(uid) ?? row
      if (row.offset < newest.offset && newest.dead.length === 0 && !this.#tainted.has(uid)) this.#findings.violate(`the row of ${uid} is that of ${nameOf(row)}, and ${nameOf(newest)} had been stored`)
    }
  }

  #store ({ record, conditional, late }: Arrival): void {
    const uid = `${record.client}${record.uid}`
    const row = this.#rows.get(uid)
    if (conditional && row !== undefined && row.partition === record.partition && row.offset >= record.offset) {
      this.#findings.reach('conditional write that came too late')
      return
    }
    record.stored = true
    // A record that is stored again after one that was refused meanwhile has nobody to put the row right.
    if (late || record.mayRepeat) this.#tainted.add(uid)
    this.#rows.set(uid, record)
    const newest = this.#newest.get(uid)
    if (newest?.partition !== record.partition || newest.offset < record.offset) this.#newest.set(uid, record)
    let stored = this.#newestStored.get(uid)
    if (stored === undefined) this.#newestStored.set(uid, stored = new Map())
    stored.set(record.partition, Math.max(stored.get(record.partition) ?? -1, record.offset))
  }

  #send (arrival: Arrival): void {
    const { record, late } = arrival
    if (!this.#hasRow(record)) this.#findings.violate(`the message of ${nameOf(record)} was sent before its row`)
    record.sent++
    if (record.sent === 1) this.#checkOrder(arrival)
    else if (!late && !record.mayRepeat && !this.#unknown.has(record)) this.#findings.violate(`the message of ${nameOf(record)} was sent again without a reason`)
    if (record.sent > 1) this.#findings.reach('message sent again')
  }

  #hasRow ({ client, uid, partition, offset }: LogRecord): boolean {
    for (const [other, newest] of this.#newestStored.get(`${client}${uid}`) ?? []) if (other !== partition || newest >= offset) return true
    return false
  }

  #checkOrder ({ record, replay, late }: Arrival): void {
    if (late || replay) return
    const lane = `${record.client}:${record.partition}`
    const highest = this.#accepted.get(lane) ?? -1
    const outOfOrder = record.overtaken || record.handedOver > 0 || record.aside
    if (record.offset > highest) {
      if (!outOfOrder) this.#accepted.set(lane, record.offset)
      return
    }
    if (outOfOrder) this.#findings.reach('stated inversion')
    else this.#findings.violate(`the message of ${nameOf(record)} came after that of offset ${highest}`)
  }
}
