import { join } from 'node:path'
import { describeError, UsageError } from '../../errors.js'
import { type PipelineName } from '../../service/config/pipelines.js'
import { type PortChoice } from '../../stack/start-server.js'
import { stackDown } from '../../stack/detached-stack.js'
import { type ServerName } from '../../stack/servers.js'
import { EXIT } from '../exit-codes.js'
import { isFailure, type Step } from '../provision/step.js'
import { untilSettled } from './drain.js'
import { createKeptFolder, createPassingFolder, removeFolder } from './folder.js'
import { Interrupted, Interruption } from './interruption.js'
import { type DemoServers, startServers } from './servers.js'
import { createService, type DemoService } from './service.js'
import { StepReport } from './step-report.js'

export interface StageOptions {
  readonly keep: boolean
  readonly ports: PortChoice
  /** Of everything the demo writes. Default: a passing one, or .local-stack with `keep`. */
  readonly dir?: string
}

/**
 * Runs a demo to its end and returns the exit code; `act` says whether everything agrees. Whatever it has started is
 * ended, however it ends.
 */
export async function onStage (options: StageOptions, write: (text: string) => void, act: (stage: Stage) => Promise<boolean>): Promise<number> {
  const report = new StepReport(write)
  const dir = options.keep ? await createKeptFolder(options.dir) : createPassingFolder(options.dir)
  const stage = new Stage(options, dir, report)
  const interruption = new Interruption()
  try {
    const agrees = await Promise.race([act(stage), interruption.happened])
    if (!options.keep) {
      await stage.end()
      removeFolder(dir)
    }
    return agrees ? EXIT.ok : EXIT.failure
  } catch (error) {
    if (error instanceof Interrupted) {
      report.text(`\n${error.message}: ending everything…\n`)
      report.silence()
      interruption.exitOnNext()
      await stage.end().catch(() => {})
      removeFolder(dir)
      // A step that was under way is still waiting for something; servers that were just starting end with this process.
      process.exit(error.exitCode)
    }
    if (error instanceof UsageError) throw error
    report.text(`\n${describeError(error)}\nThe logs are kept in ${join(dir, 'logs')}\n`)
    await stage.end()
    return EXIT.failure
  } finally {
    interruption.forget()
  }
}

/** What every demo has: a folder, a report, servers, a service, and what of them has to be ended. */
export class Stage {
  readonly dir: string
  readonly report: StepReport
  readonly #options: StageOptions
  #endings: Array<() => Promise<void>> = []

  constructor (options: StageOptions, dir: string, report: StepReport) {
    this.#options = options
    this.dir = dir
    this.report = report
    // From its first process on, whatever was started detached is on file.
    if (options.keep) this.#endings.push(async () => { await stackDown({ dir }) })
  }

  /** Ends what was started, the service first. */
  async end (): Promise<void> {
    const endings = this.#endings
    this.#endings = []
    for (const end of endings.toReversed()) await end()
  }

  async startServers (servers: readonly ServerName[]): Promise<DemoServers> {
    const { ports, keep } = this.#options
    const started = await startServers({ dir: this.dir, ports, keep, servers, onEvent: event => { this.report.server(event) } })
    if (!keep) this.#endings.push(() => started.end())
    return started
  }

  /** With the environment that this process has now. */
  async startService (pipeline: PipelineName, adminPort: number): Promise<DemoService> {
    const { keep } = this.#options
    const service = createService({ pipeline, adminPort, logFile: join(this.dir, 'logs', 'service.log'), keepIn: keep ? this.dir : undefined })
    if (!keep) this.#endings.push(() => service.stop())
    await service.start()
    this.report.done('Service', `penstock run ${pipeline}, ready; ${service.adminUrl}/metrics`)
    return service
  }

  /** Reports what was created; throws when not everything could be. */
  created (name: string, steps: readonly Step[], kinds: ReadonlyArray<readonly [kind: Step['kind'], name: string]>): void {
    const failures = steps.filter(isFailure)
    if (failures.length > 0) throw new Error(`Not everything could be created:\n${failures.map(({ kind, name, detail }) => `  ${kind} ${name}: ${detail}`).join('\n')}`)
    const counts = kinds.map(([kind, word]) => `${steps.filter(step => step.kind === kind).length} ${word}`)
    this.report.done(name, `${counts.join(', ')} created`)
  }

  /** Waits until the service has settled so many records since its start, or nothing moves any more. */
  async untilSettled (service: DemoService, records: number, onProgress: (settled: number) => void = () => {}): Promise<boolean> {
    const settled = await untilSettled(service, records, onProgress)
    if (settled < records) this.report.failed('Settled', `${settled} of ${records}, and nothing moves any more; the proof says what is missing`)
    return settled >= records
  }
}
