import { type Scheduler } from 'fast-check'
import { type Outcome } from '../../src/engine/outcome.js'
import { turn } from '../helpers/manual-clock.js'
import { Broker, type CommitRequest } from './broker.js'
import { type Configuration } from './configuration.js'
import { type Delivery, Epoch } from './deliveries.js'
import { Findings } from './findings.js'
import { Life } from './life.js'
import { createLog, type LogRecord, nameOf, partsOf, type PartitionLog } from './log.js'
import { RetryQueue } from './retry-queue.js'
import { Sinks } from './sinks.js'
import { type WireCall } from './wire.js'

/** Everything outside the process, which outlives it, and the process that lives in it at present. */
export class World {
  readonly configuration: Configuration
  readonly scheduler: Scheduler
  readonly findings: Findings
  readonly broker: Broker
  readonly retryQueue = new RetryQueue()
  readonly sinks: Sinks
  readonly #log: readonly PartitionLog[]
  /** Calls of the living process, oldest first. */
  calls: WireCall[] = []
  /** Calls whose process is gone, or has given them up: they may still take effect. */
  orphans: WireCall[] = []
  readonly #senders = new WeakMap<WireCall, Life>()
  life: Life
  lives = 0
  examinationFails = false
  #startedAt = 0

  constructor (configuration: Configuration, scheduler: Scheduler, reached: Map<string, number>) {
    this.configuration = configuration
    this.scheduler = scheduler
    this.findings = new Findings(reached)
    this.#log = createLog(configuration)
    this.broker = new Broker(this.findings, this.#log)
    this.sinks = new Sinks(this.findings, this.retryQueue)
    this.life = new Life(this)
  }

  /** Time of this world, which goes on when a process ends. */
  get now (): number {
    return this.#startedAt + this.life.clock.now()
  }

  get log (): readonly PartitionLog[] {
    return this.#log
  }

  logOf (partition: number): PartitionLog {
    return this.#log[partition] as PartitionLog
  }

  /** Lets everything happen that needs no time and no outside, and looks at what must hold. */
  async step (): Promise<void> {
    await turn()
    const { life, broker } = this
    if (life.state === 'over') this.#startAgain()
    // Having given everything back, the member joins again.
    if (broker.expelled && life.promised.size === 0 && life.epochs.size === 0) broker.expelled = false
    this.life.check()
    this.findings.check()
  }

  left (call: WireCall, sender: Life): void {
    this.findings.note(() => `    ${describeCall(call)} leaves`)
    this.#senders.set(call, sender)
    this.calls.push(call)
  }

  /** A call takes effect for those of its records that `lands` names, and its process hears `outcomes`, or only an error. */
  end (call: WireCall, outcomes: readonly Outcome[], lands: (index: number) => boolean, heard: 'all' | 'an error' | 'too little'): void {
    this.calls.splice(this.calls.indexOf(call), 1)
    const answers = heard === 'all' ? outcomes : undefined
    this.findings.note(() => `    ${describeCall(call)} ends: ${answers === undefined ? heard : answers.map(outcome => 'code' in outcome ? outcome.code : outcome.class).join(' ')}`)
    this.#land(call, index => lands(index) || answers?.[index]?.class === 'done', answers, false)
    this.life.books.answered(call, answers, this.life.clock.now())
    if (heard === 'all') call.answer(outcomes)
    else if (heard === 'too little') call.answer(outcomes.slice(1))
    else call.fail(new Error('planned'))
  }

  /** A call that was given up is still on the wire. */
  abandon (call: WireCall): void {
    this.orphans.push(call)
  }

  /** What a process left behind takes effect after all. */
  landOrphan (call: WireCall, lands: (index: number) => boolean): void {
    this.orphans.splice(this.orphans.indexOf(call), 1)
    this.#land(call, lands, undefined, true)
  }

  applyCommit (request: CommitRequest): boolean {
    if (this.broker.fences(request)) return false
    this.broker.apply(request)
    return true
  }

  /** A commit was refused, or nothing is heard of it: what is being drained may stay uncommitted. */
  commitFailed (): void {
    for (const epoch of this.life.epochs.values()) if (epoch.state !== 'open') epoch.commitTrouble = true
  }

  /** An epoch is over: what it settled and could not commit will be repeated, and nothing else. */
  epochEnded (epoch: Epoch): void {
    const committed = this.broker.committed[epoch.partition] ?? 0
    const repeated = epoch.deliveries.filter(({ settled, record }) => settled && record.offset >= committed)
    const clean = epoch.drained && !epoch.commitTrouble && !epoch.lost && !this.broker.expelled && this.broker.pending.length === 0
    if (clean && repeated.length > 0) this.findings.violate(`partition ${epoch.partition} was given back with ${repeated.length} settled records that are not committed`)
    this.findings.reach(clean ? 'epoch that ended clean' : 'epoch that was cut')
    for (const { record } of repeated) record.mayRepeat = true
    epoch.close()
    if (epoch.cutApart > 0) this.findings.reach('record cut between its branches', epoch.cutApart)
  }

  /** Another member of the group reads on from the committed offset, and nothing goes wrong for it. */
  workElsewhere (partition: number, most: number): void {
    const { broker } = this
    const start = broker.committed[partition] ?? 0
    for (const record of this.logOf(partition).records.filter(({ offset }) => offset >= start).slice(0, most)) {
      for (const part of partsOf(record)) this.#endElsewhere(part)
      broker.advance(partition, record.offset + 1)
    }
  }

  #endElsewhere (record: LogRecord): void {
    const { broker, sinks, now, findings } = this
    if (broker.expelled) record.mayRepeat = true
    else if (record.ended && !record.mayRepeat) findings.violate(`${nameOf(record)} is read by another member, although its end could have been committed`)
    const arrival = { record, replay: false, conditional: false, late: false, acknowledged: true, attempts: 0, handOverId: '', code: 'NOT_JSON' }
    if (record.kind === 'malformed' || record.kind === 'oversized') {
      sinks.accept({ ...arrival, stage: 'dead letters' }, now)
    } else {
      sinks.accept({ ...arrival, stage: 'table' }, now)
      sinks.accept({ ...arrival, stage: 'queues' }, now)
    }
    record.ended = true
  }

  stop (graceMs: number): void {
    void this.life.stop(graceMs).then(clean => { this.findings.reach(clean ? 'stop that drained' : 'stop that was cut') })
  }

  /** Everything in memory is gone. Its calls and commits may still arrive. */
  crash (commitsArrive: boolean): void {
    const { life, broker } = this
    for (const request of broker.pending) if (commitsArrive) this.applyCommit(request)
    for (const epoch of life.epochs.values()) epoch.drained = false
    life.state = 'over'
    this.#startAgain()
  }

  #startAgain (): void {
    const { life, broker, retryQueue } = this
    for (const epoch of life.epochs.values()) this.epochEnded(epoch)
    for (const { record } of life.replays) this.sinks.unsure(record)
    retryQueue.holderDied(life, this.now)
    broker.pending = []
    broker.late = []
    broker.silentUntil = -Infinity
    broker.expelled = false
    this.orphans.push(...this.calls)
    this.calls = []
    this.#startedAt = this.now
    this.lives++
    this.life = new Life(this)
  }

  #land (call: WireCall, lands: (index: number) => boolean, outcomes: readonly Outcome[] | undefined, late: boolean): void {
    for (const [index, delivery] of call.deliveries.entries()) {
      if (!lands(index)) {
        if (call.deliveries.some((_, later) => later > index && call.lanes[later] === call.lanes[index] && lands(later))) delivery.record.overtaken = true
        continue
      }
      const { attempts, code, late: conditional, handOverId } = call.written[index] ?? { attempts: 0, code: 'none', late: false, handOverId: '' }
      const isLate = late || this.#isLate(call, delivery)
      this.findings.note(() => `      ${call.stage.name} takes ${nameOf(delivery.record)}${isLate ? ' late' : ''}`)
      this.sinks.accept({
        stage: call.stage.name,
        record: delivery.record,
        replay: delivery.replay,
        conditional,
        late: isLate,
        acknowledged: outcomes?.[index]?.class === 'done',
        attempts,
        handOverId,
        code
      }, this.now)
    }
  }

  #isLate (call: WireCall, { source }: Delivery): boolean {
    return this.#senders.get(call) !== this.life || this.broker.expelled || (source instanceof Epoch && source.closed)
  }
}

function describeCall ({ stage, key, deliveries }: WireCall): string {
  return `call of ${stage.name} ${key} with ${deliveries.map(({ record }) => nameOf(record)).join(' ')}`
}
