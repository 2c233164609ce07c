import fc, { type RunDetails, type Scheduler } from 'fast-check'
import { schedules } from './commands.js'
import { comeToRest } from './come-to-rest.js'
import { type Configuration, configurations } from './configuration.js'
import { Violation } from './findings.js'
import { World } from './world.js'

const MAX_COMMANDS = 400
/** Planted bugs only have to be found: to make their schedules short would take minutes. */
const SHRINKS = process.env['SIMULATION_SHRINK'] !== '0'

/** Where a failure stands; with all three it runs again as it was shrunk, with the seed alone as it was found. */
export interface Replay {
  readonly seed: number
  readonly path?: string
  /** Which of the shrunk schedule's commands were possible and ran. */
  readonly replayPath?: string
}

export interface Failure extends Replay {
  /** What was broken, and the commands that break it. */
  readonly report: string
  readonly schedules: number
}

export interface SchedulesResult {
  readonly failure: Failure | undefined
  /** How often each command and state was reached. */
  readonly reached: ReadonlyMap<string, number>
}

type Details = RunDetails<[Configuration, Iterable<unknown>, Scheduler]>

/** Runs random schedules against the engine, each of them until everything has come to rest. */
export async function runSchedules (numRuns: number, { seed, path, replayPath }: Replay): Promise<SchedulesResult> {
  const reached = new Map<string, number>()
  const property = fc.asyncProperty(configurations, schedules(MAX_COMMANDS, replayPath), fc.scheduler(), async (configuration, commands, scheduler) => {
    const world = new World(configuration, scheduler, reached)
    world.life.assign([...world.log.keys()])
    await world.step()
    await fc.asyncModelRun(() => ({ model: world, real: undefined }), commands)
    await comeToRest(world)
  })
  const details = await fc.check(property, { numRuns, seed, unbiased: true, ...(path === undefined ? {} : { path }), endOnFailure: path !== undefined || !SHRINKS })
  return { failure: details.failed ? describe(details as Details) : undefined, reached }
}

function describe ({ seed, numRuns, counterexample, counterexamplePath, errorInstance }: Details): Failure {
  const [configuration, commands] = counterexample ?? []
  const replayPath = /replayPath="([^"]*)"/.exec(String(commands))?.[1]
  return {
    seed,
    ...(counterexamplePath === null ? {} : { path: counterexamplePath }),
    ...(replayPath === undefined ? {} : { replayPath }),
    schedules: numRuns,
    report: `${String(errorInstance instanceof Violation ? errorInstance : errorInstance instanceof Error ? errorInstance.stack : errorInstance)}\n${JSON.stringify(configuration)}`
  }
}
