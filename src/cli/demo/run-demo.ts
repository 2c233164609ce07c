import { constants } from 'node:os'
import { join } from 'node:path'
import { describeError, UsageError } from '../../errors.js'
import { summariseLatency } from '../../proof/latency.js'
import { type EventsConfig, loadConfig } from '../../service/config/load-config.js'
import { type PortChoice } from '../../stack/start-server.js'
import { stackDown } from '../../stack/detached-stack.js'
import { EXIT } from '../exit-codes.js'
import { createProgress } from '../progress.js'
import { provisionEvents } from '../provision/provision-events.js'
import { isFailure } from '../provision/step.js'
import { untilCommitted, untilSettled } from './drain.js'
import { adoptEnvironment, demoEnvironment, type DemoPlace } from './environment.js'
import { type FeedOptions, produceBacklog, produceTrickle, streamFile, TRICKLE } from './feed.js'
import { createKeptFolder, createPassingFolder, removeFolder } from './folder.js'
import { renderNextSteps } from './next-steps.js'
import { proveDemo } from './prove-demo.js'
import { startServers } from './servers.js'
import { createService, type DemoService } from './service.js'
import { StepReport } from './step-report.js'
import { renderSummary } from './summary.js'

export interface DemoOptions {
  readonly events: number
  /** Share, 0 to 1. */
  readonly invalid: number
  readonly source: 'connect' | 'direct'
  readonly keep: boolean
  readonly seed: number
  readonly ports: PortChoice
  /** Of everything the demo writes. Default: a passing one, or .local-stack with `keep`. */
  readonly dir?: string
}

export interface DemoHooks {
  readonly write?: (text: string) => void
  /** Called when everything has settled and before the stores are read. */
  readonly beforeProof?: (place: DemoPlace, config: EventsConfig) => Promise<void>
}

/** Runs the demo to its end and returns the exit code. Changes this process' environment. */
export async function runDemo (options: DemoOptions, hooks: DemoHooks = {}): Promise<number> {
  const report = new StepReport(hooks.write ?? (text => { process.stdout.write(text) }))
  const dir = options.keep ? await createKeptFolder(options.dir) : createPassingFolder(options.dir)
  const run = new DemoRun(options, hooks, dir, report)
  const interruption = new Interruption()
  try {
    const agrees = await Promise.race([run.go(), interruption.happened])
    if (!options.keep) {
      await run.end()
      removeFolder(dir)
    }
    return agrees ? EXIT.ok : EXIT.failure
  } catch (error) {
    if (error instanceof Interrupted) {
      report.text(`\n${error.message}: ending everything…\n`)
      report.silence()
      interruption.exitOnNext()
      await run.end().catch(() => {})
      removeFolder(dir)
      // A step that was under way is still waiting for something; servers that were just starting end with this process.
      process.exit(error.exitCode)
    }
    if (error instanceof UsageError) throw error
    report.text(`\n${describeError(error)}\nThe logs are kept in ${join(dir, 'logs')}\n`)
    await run.end()
    return EXIT.failure
  } finally {
    interruption.forget()
  }
}

/** One run: its steps in order, and what has to be ended. */
class DemoRun {
  readonly #options: DemoOptions
  readonly #hooks: DemoHooks
  readonly #dir: string
  readonly #report: StepReport
  #endings: Array<() => Promise<void>> = []

  constructor (options: DemoOptions, hooks: DemoHooks, dir: string, report: StepReport) {
    this.#options = options
    this.#hooks = hooks
    this.#dir = dir
    this.#report = report
    // From its first process on, whatever was started detached is on file.
    if (options.keep) this.#endings.push(async () => { await stackDown({ dir }) })
  }

  /** Whether everything agrees. */
  async go (): Promise<boolean> {
    const { events, invalid, source, keep, seed } = this.#options
    const report = this.#report
    report.text(`${events} events, ${+(invalid * 100).toFixed(4)} % invalid, ${source === 'connect' ? 'from a file through Kafka Connect' : 'straight to Kafka'}\n\n`)
    const place = await this.#startServers()
    const config = this.#configure(place)
    await this.#provision(config)
    const service = await this.#startService(place)

    const feed: FeedOptions = {
      events,
      invalidShare: invalid,
      seed,
      config,
      ledger: join(this.#dir, 'ledger.ndjson'),
      eventsFile: source === 'connect' ? join(this.#dir, 'events.txt') : undefined
    }
    const elapsedMs = await this.#workOff(feed, place, service)
    await this.#trickle(feed, service)
    await untilCommitted(config)
    await this.#hooks.beforeProof?.(place, config)

    const proof = await proveDemo(config, place, feed.ledger)
    report.done('Proof', 'topic, table, queues, dead letters and offsets are read to their ends')
    report.text(`\n${renderSummary(proof, {
      records: events,
      elapsedMs,
      backlog: summariseLatency(proof.latenciesMs(({ entry }) => entry.index < events)),
      trickle: summariseLatency(proof.latenciesMs(({ entry }) => entry.index >= events))
    })}`)
    if (keep) report.text(renderNextSteps(place, service, { ...feed, dir: this.#dir }))
    return proof.agrees
  }

  /** Ends what was started, the service first. */
  async end (): Promise<void> {
    const endings = this.#endings
    this.#endings = []
    for (const end of endings.toReversed()) await end()
  }

  async #startServers (): Promise<DemoPlace> {
    const { ports, keep, source } = this.#options
    const servers = await startServers({
      dir: this.#dir, ports, keep, withConnect: source === 'connect', onEvent: event => { this.#report.server(event) }
    })
    if (!keep) this.#endings.push(() => servers.end())
    return servers.place
  }

  #configure (place: DemoPlace): EventsConfig {
    adoptEnvironment(demoEnvironment(process.env, place))
    return loadConfig(process.env, 'events').config
  }

  async #provision (config: EventsConfig): Promise<void> {
    const steps = await provisionEvents(config, { partitions: 12, replicationFactor: 1, update: false, timeoutMs: 30_000 })
    const failures = steps.filter(isFailure)
    if (failures.length > 0) throw new Error(`Not everything could be created:\n${failures.map(({ kind, name, detail }) => `  ${kind} ${name}: ${detail}`).join('\n')}`)
    const count = (kind: string): number => steps.filter(step => step.kind === kind).length
    this.#report.done('Topics, table, queues', `${count('topic')} topics, ${count('table')} table, ${count('queue')} queues created`)
  }

  async #startService ({ adminPort }: DemoPlace): Promise<DemoService> {
    const { keep } = this.#options
    const service = createService({
      adminPort, logFile: join(this.#dir, 'logs', 'service.log'), keepIn: keep ? this.#dir : undefined
    })
    if (!keep) this.#endings.push(() => service.stop())
    await service.start()
    this.#report.done('Service', `penstock run events, ready; ${service.adminUrl}/metrics`)
    return service
  }

  /** From the first record sent to the last one settled, in ms. */
  async #workOff (feed: FeedOptions, { connectUrl }: DemoPlace, service: DemoService): Promise<number> {
    const { eventsFile, events, config } = feed
    let startedAt = performance.now()
    const producing = produceBacklog(feed)
    const describe = async (): Promise<void> => {
      const { acknowledged, valid, invalidByKind } = await producing
      this.#report.done(eventsFile === undefined ? 'Events' : 'Events file', `${acknowledged} written: ${valid} valid, ${acknowledged - valid} invalid of ${invalidByKind.size} kinds`)
    }
    if (eventsFile !== undefined && connectUrl !== undefined) {
      await describe()
      startedAt = performance.now()
      await streamFile(connectUrl, eventsFile, config.events.topic)
      this.#report.done('File source connector', `runs; it streams ${eventsFile}`)
    }
    const progress = createProgress(events)
    try {
      const [settled] = await Promise.all([untilSettled(service, events, done => { progress.update(done) }), producing])
      const elapsedMs = performance.now() - startedAt
      progress.stop()
      if (eventsFile === undefined) await describe()
      this.#settled(settled, events, elapsedMs)
      return elapsedMs
    } finally {
      progress.stop()
    }
  }

  async #trickle (feed: FeedOptions, service: DemoService): Promise<void> {
    await produceTrickle(feed)
    const expected = feed.events + TRICKLE.events
    const settled = await untilSettled(service, expected, () => {})
    if (settled >= expected) this.#report.done('Trickle', `${TRICKLE.events} more at ${TRICKLE.perSecond} a second, for the latency without a backlog`)
    else this.#settled(settled, expected, 0)
  }

  #settled (settled: number, expected: number, elapsedMs: number): void {
    if (settled >= expected) this.#report.done('Settled', `${expected} in ${(elapsedMs / 1_000).toFixed(1)} s`)
    else this.#report.failed('Settled', `${settled} of ${expected}, and nothing moves any more; the proof says what is missing`)
  }
}

class Interrupted extends Error {
  readonly exitCode: number

  constructor (signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first signal rejects `happened`; after `exitOnNext` a further one ends the process at once. */
class Interruption {
  readonly happened: Promise<never>
  readonly #listener: (signal: NodeJS.Signals) => void
  #exitsNow = false

  constructor () {
    let reject: (reason: Interrupted) => void
    this.happened = new Promise((_resolve, _reject) => { reject = _reject })
    this.happened.catch(() => {})
    this.#listener = signal => {
      const interrupted = new Interrupted(signal)
      if (this.#exitsNow) process.exit(interrupted.exitCode)
      reject(interrupted)
    }
    for (const signal of SIGNALS) process.on(signal, this.#listener)
  }

  exitOnNext (): void {
    this.#exitsNow = true
  }

  forget (): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener)
  }
}
