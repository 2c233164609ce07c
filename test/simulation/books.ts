import { HandOverIds } from '../../src/connectors/sqs/hand-over-ids.js'
import { type Flight } from '../../src/engine/flight.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { type Outcome } from '../../src/engine/outcome.js'
import { type Configuration, FIXED_LIMITS } from './configuration.js'
import { type Delivery, Epoch, type End } from './deliveries.js'
import { type Findings } from './findings.js'
import { type LogRecord, nameOf } from './log.js'
import { type Parcel, type StageName, type WireCall } from './wire.js'

/** Failures of a whole call, which say nothing of a record while its channel is held. */
const WHOLE_CALL = new Set(['TIMEOUT', 'CONNECTION', 'SERVER_ERROR', 'UNKNOWN'])
const ENDS: Readonly<Record<Exclude<StageName, 'table'>, End>> = { queues: 'sent', 'dead letters': 'dead letter', 'retry queue': 'handed over' }
const CHECKED: Readonly<Record<string, string>> = { malformed: 'NOT_JSON', oversized: 'MESSAGE_TOO_LARGE' }

/** So many whole calls in a row without an answer, and a channel is held. */
const MOST_FAILED_CALLS = 5

/** Failed deliveries whose guilt depends on whether their channel is held now. */
interface Unjudged {
  readonly channel: string
  readonly code: string
  readonly deliveries: readonly Delivery[]
  readonly spentMs: number
}

/**
 * What the model knows of one life of the process: who is where, by what left and what was answered. It shares nothing
 * with the engine but the identity of the records that it handed in. Every call is held against it as it leaves.
 */
export class Books {
  readonly #findings: Findings
  readonly #configuration: Configuration
  readonly #handOverIds = new HandOverIds<Parcel>()
  readonly #surfaced = new WeakMap<SourceRecord, { record: LogRecord, deliveries: readonly Delivery[] }>()
  readonly #busy = new Map<string, WireCall>()
  /** By lane: what failed in it; it goes again without company from its lane. */
  readonly #failed = new Map<string, Set<Delivery>>()
  readonly #leftAt = new Map<WireCall, number>()
  readonly held = new Set<string>()
  /** By channel: calls in a row that told nothing of any record. */
  readonly #failedCalls = new Map<string, number>()
  #unjudged: Unjudged[] = []

  constructor (findings: Findings, configuration: Configuration) {
    this.#findings = findings
    this.#configuration = configuration
  }

  /** Calls without an answer. */
  get calls (): Iterable<WireCall> {
    return this.#leftAt.keys()
  }

  /** `deliveries`: one, or those that the record is split into. */
  surfaced (source: SourceRecord, record: LogRecord, deliveries: readonly Delivery[]): void {
    this.#surfaced.set(source, { record, deliveries })
  }

  recordOf (source: SourceRecord): LogRecord | undefined {
    return this.#surfaced.get(source)?.record
  }

  /** A call leaves. Everything that the engine promises of calls is looked at here. */
  left (call: WireCall, now: number): void {
    this.judge()
    const { stage, flights } = call
    call.lanes = flights.map(flight => `${stage.name} ${stage.laneOf(flight)}`)
    const known = flights.map(flight => this.#deliveryOf(flight))
    if (known.includes(undefined)) this.#violate(call, 'carries a record that was never taken, or has left its road')
    call.deliveries = known.filter(delivery => delivery !== undefined)
    if (call.deliveries.length < flights.length) return
    call.represented = flights.map(flight => (flight.superseded ?? []).map(older => this.#deliveryOf(older)).filter(older => older !== undefined))
    call.written = flights.map(flight => ({
      attempts: stage.name === 'retry queue' ? flight.retryCount : flight.attempts,
      code: flight.failure?.code ?? 'none',
      late: flight.late,
      handOverId: this.#handOverIds.of(flight)
    }))
    this.#checkSize(call)
    this.#checkHold(call)
    this.#checkLanes(call)
    this.#checkOrder(call)
    for (const [index, delivery] of call.deliveries.entries()) {
      this.#checkDelivery(call, delivery)
      if (stage.name === 'retry queue') this.#checkHandOver(call, delivery, index)
      else if (stage.name === 'dead letters') this.#checkDeadLetter(call, delivery, index)
      else if (stage.name === 'queues' && !delivery.passed.has('table')) this.#violate(call, `carries ${nameOf(delivery.record)}, whose row is not stored`)
      delivery.started = true
      delivery.call = call
      for (const older of call.represented[index] ?? []) {
        this.#checkDelivery(call, older)
        older.started = true
        older.represented = true
      }
    }
    for (const lane of call.lanes) this.#busy.set(lane, call)
    this.#leftAt.set(call, now)
  }

  /** The process hears how a call ended; `outcomes` is undefined when it hears nothing of any record. */
  answered (call: WireCall, outcomes: readonly Outcome[] | undefined, now: number): void {
    const spentMs = now - (this.#leftAt.get(call) ?? now)
    this.#leftAt.delete(call)
    for (const lane of call.lanes) this.#busy.delete(lane)
    this.#countFailedCalls(call, outcomes)
    for (const [index, delivery] of call.deliveries.entries()) {
      delivery.call = undefined
      this.#failed.get(call.lanes[index] ?? '')?.delete(delivery)
      const older = call.represented[index] ?? []
      for (const one of older) one.represented = false
      const outcome = outcomes?.[index]
      if (outcome?.class === 'done') {
        for (const one of [...older, delivery]) this.#passed(one, call.stage.name)
        continue
      }
      if (outcome?.class === 'poison') this.#refuse(delivery, call.stage.name, outcome.code)
      else this.#failedIn(call.lanes[index] ?? '').add(delivery)
      if (outcome?.class === 'environment' || (outcome?.class === 'transient' && (outcome.throttled === true || outcome.code === 'ABORTED'))) continue
      if (outcome?.class === 'poison') continue
      const longestPauseMs = Math.max(FIXED_LIMITS.backoffMaxMs, outcome?.retryAfterMs ?? 0)
      this.#unjudged.push({ channel: channelOf(call), code: outcome?.code ?? 'UNKNOWN', deliveries: [delivery], spentMs: spentMs + longestPauseMs })
    }
  }

  /** Decides what recent failures may burn. Called once the engine has judged the calls they are of. */
  judge (): void {
    for (const { channel, code, deliveries, spentMs } of this.#unjudged) {
      if (this.held.has(channel) && WHOLE_CALL.has(code)) continue
      for (const delivery of deliveries) {
        delivery.blamed++
        delivery.spentMs += spentMs
      }
    }
    this.#unjudged = []
    for (const [channel, calls] of this.#failedCalls) {
      if (calls >= MOST_FAILED_CALLS && !this.held.has(channel)) this.#findings.violate(`${calls} calls in a row failed, and channel ${channel} is not held`)
    }
  }

  /** What was refused when it was examined has no payload, and is not split. */
  #deliveryOf ({ record, payload }: Flight<Parcel>): Delivery | undefined {
    const { deliveries = [] } = this.#surfaced.get(record) ?? {}
    return deliveries.length === 1 ? deliveries[0] : deliveries.find(delivery => delivery.record === payload.record)
  }

  #countFailedCalls (call: WireCall, outcomes: readonly Outcome[] | undefined): void {
    const channel = channelOf(call)
    const unanswered = outcomes?.every(outcome => outcome.class === 'transient' && WHOLE_CALL.has(outcome.code)) ?? true
    if (!call.signal.aborted) this.#failedCalls.set(channel, unanswered ? (this.#failedCalls.get(channel) ?? 0) + 1 : 0)
    else if (outcomes?.some(outcome => outcome.class === 'done') === true) this.#failedCalls.set(channel, 0)
  }

  /** The retry queue's refusal says nothing against the record: it goes on where it stood, without its place in the order. */
  #refuse (delivery: Delivery, stage: StageName, code: string): void {
    if (stage !== 'retry queue') {
      delivery.condemned = code
      return
    }
    delivery.staysInPlace = true
    delivery.record.aside = true
    for (const failed of this.#failed.values()) failed.delete(delivery)
    this.#findings.reach('hand-over refused')
  }

  #failedIn (lane: string): Set<Delivery> {
    let failed = this.#failed.get(lane)
    if (failed === undefined) this.#failed.set(lane, failed = new Set())
    return failed
  }

  #passed (delivery: Delivery, stage: StageName): void {
    delivery.passed.add(stage)
    if (stage === 'table' || delivery.end !== undefined) return
    delivery.end = ENDS[stage]
    if (!delivery.replay) delivery.record.ended = true
  }

  #checkSize (call: WireCall): void {
    const { batch } = call.stage
    const bytes = call.flights.reduce((sum, flight) => sum + flight.bytes, 0)
    if (call.flights.length === 0 || call.flights.length > batch.maxRecords) this.#violate(call, `carries ${call.flights.length} records`)
    if (bytes > batch.maxBytes && call.flights.length > 1) this.#violate(call, `carries ${bytes} bytes`)
  }

  /** A held channel sends one probe at a time. */
  #checkHold (call: WireCall): void {
    const channel = channelOf(call)
    if (!this.held.has(channel)) return
    for (const other of this.calls) if (channelOf(other) === channel) this.#violate(call, 'is not the only one of a held channel')
    this.#findings.reach('probe of a held channel')
  }

  #checkLanes (call: WireCall): void {
    const perLane = new Map<string, Delivery[]>()
    for (const [index, lane] of call.lanes.entries()) {
      if (this.#busy.has(lane)) this.#violate(call, `takes lane ${lane}, which is in another call`)
      const delivery = call.deliveries[index] as Delivery
      const together = perLane.get(lane)
      if (together === undefined) perLane.set(lane, [delivery])
      else together.push(delivery)
    }
    for (const [lane, together] of perLane) {
      if (together.length > (call.stage.coalesce === undefined ? call.stage.maxPerLane ?? Infinity : 1)) this.#violate(call, `carries ${together.length} records of lane ${lane}`)
      const failed = this.#failed.get(lane)
      const again = together.filter(delivery => failed?.has(delivery) === true).length
      if (again > 0 && again < together.length) this.#violate(call, `tops up what failed of lane ${lane} with others`)
      if (again > 0) this.#findings.reach('failed entries sent again')
    }
  }

  /**
   * Nothing overtakes an earlier record of its lane that will still pass this stage. One that is overtaken all the same
   * must be on its way to another end; should it enter the stage later, that is found then.
   */
  #checkOrder (call: WireCall): void {
    const { name } = call.stage
    if (name !== 'table' && name !== 'queues') return
    const aboard = new Set<Delivery>(call.represented.flat())
    for (const [index, delivery] of call.deliveries.entries()) {
      if (delivery.overtakenAt === name && !delivery.staysInPlace) this.#violate(call, `carries ${nameOf(delivery.record)}, which a later one of its lane has overtaken`)
      aboard.add(delivery)
      const { source, record } = delivery
      if (!(source instanceof Epoch) || delivery.staysInPlace) continue
      for (const earlier of source.deliveries) {
        if (earlier.record.offset >= record.offset) break
        if (earlier.end !== undefined || earlier.passed.has(name) || aboard.has(earlier) || CHECKED[earlier.record.kind] !== undefined) continue
        if (!sameLane(name, earlier, delivery)) continue
        earlier.overtakenAt = name
        earlier.record.aside = true
      }
      for (const older of call.represented[index] ?? []) if (older.overtakenAt === name && !older.staysInPlace) this.#violate(call, `stands for ${nameOf(older.record)}, which a later one has overtaken`)
    }
  }

  #checkDelivery (call: WireCall, delivery: Delivery): void {
    const { record, source, end } = delivery
    if (end !== undefined) this.#violate(call, `carries ${nameOf(record)}, which is ${end}`)
    if (source instanceof Epoch && source.closed) this.#violate(call, `carries ${nameOf(record)} of a closed epoch`)
    if (delivery.passed.has(call.stage.name)) this.#violate(call, `carries ${nameOf(record)}, which has passed it`)
    if (delivery.call !== undefined || delivery.represented) this.#violate(call, `carries ${nameOf(record)}, which is in another call`)
    if (delivery.condemned !== undefined && call.stage.name !== 'dead letters') this.#violate(call, `carries ${nameOf(record)}, which can never pass`)
  }

  #checkHandOver (call: WireCall, delivery: Delivery, index: number): void {
    const attempts = call.written[index]?.attempts ?? -1
    this.#checkBurnt(call, delivery, attempts)
    if (attempts >= this.#configuration.limits.maxAttempts && attempts > delivery.attemptsBefore) this.#violate(call, `hands over ${nameOf(delivery.record)} with all of its attempts spent`)
    if (delivery.record.kind === 'unenvelopable' || delivery.staysInPlace) this.#violate(call, `hands over ${nameOf(delivery.record)}, which the retry queue can not take`)
    this.#findings.reach(attempts > delivery.attemptsBefore ? 'hand-over of a burnt attempt' : 'hand-over by a hold')
  }

  #checkDeadLetter (call: WireCall, delivery: Delivery, index: number): void {
    const { attempts, code } = call.written[index] ?? { attempts: -1, code: 'none' }
    const { record, condemned } = delivery
    record.aside = true
    if (code === 'ATTEMPTS_EXHAUSTED') {
      this.#checkBurnt(call, delivery, attempts)
      if (attempts !== this.#configuration.limits.maxAttempts) this.#violate(call, `gives up ${nameOf(record)} after ${attempts} attempts`)
      this.#findings.reach('attempts exhausted')
    } else if (code !== (condemned ?? CHECKED[record.kind])) {
      this.#violate(call, `rejects ${nameOf(record)} as ${code}, without such a verdict`)
    }
  }

  /** Each burnt attempt took a verdict, and more than its time in place. */
  #checkBurnt (call: WireCall, { record, attemptsBefore, blamed, spentMs }: Delivery, attempts: number): void {
    const burnt = attempts - attemptsBefore
    if (burnt < 0 || burnt > blamed || burnt * this.#configuration.limits.retryInPlaceMs > spentMs) {
      this.#violate(call, `counts ${attempts} attempts of ${nameOf(record)}, after ${attemptsBefore} and ${blamed} verdicts in ${spentMs} ms`)
    }
  }

  #violate (call: WireCall, what: string): void {
    this.#findings.violate(`a call of the ${call.stage.name} ${what}`)
  }
}

export function channelOf (call: WireCall): string {
  return `${call.stage.name} ${call.key}`
}

function sameLane (stage: StageName, one: Delivery, other: Delivery): boolean {
  if (one.record.client !== other.record.client) return false
  return stage === 'queues' || one.record.uid === other.record.uid
}
