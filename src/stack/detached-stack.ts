import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ELASTICMQ_STOP_TIMEOUT_MS } from './elasticmq.js'
import { PROJECT_ROOT } from './jvm.js'
import { identifyProcess } from './process-identity.js'
import { endpointOf, INDEPENDENT_SERVERS, type ServerName, type ServerSettings, USUAL_SERVERS } from './servers.js'
import { isRunning, StackState, type DetachedProcess } from './stack-state.js'
import { startServer, type OnStackEvent, type PortChoice } from './start-server.js'

/** Where `penstock stack` and `demo --keep` hold their servers. */
export const DETACHED_STACK_FOLDER = join(PROJECT_ROOT, '.local-stack')

export interface StackUpOptions extends ServerSettings {
  /** Default: .local-stack in the project. */
  readonly dir?: string
  /** Default: the usual ones. */
  readonly servers?: readonly ServerName[]
  /** Default `known`. */
  readonly ports?: PortChoice
  readonly onEvent?: OnStackEvent
}

export interface ProcessStatus extends DetachedProcess {
  readonly running: boolean
}

const STOP_TIMEOUT_MS = 15_000
const POLL_INTERVAL_MS = 50

/**
 * Starts servers that stay up after this process. Those of them that run already are left as they are. When one does not
 * start, those that this call started are ended, and its ServerStartError is thrown.
 */
export async function stackUp (options: StackUpOptions = {}): Promise<ProcessStatus[]> {
  const { dir = DETACHED_STACK_FOLDER, servers = USUAL_SERVERS, ports = 'known', onEvent } = options
  const state = new StackState(dir)
  const begun = new Set<string>()
  const ensure = async (name: ServerName, brokers?: string) => {
    const present = state.read().find(entry => entry.name === name)
    if (present !== undefined && isRunning(present)) return present.endpoint
    const logDir = join(dir, 'logs')
    const record = (pid: number, endpoint = '', usedPorts: readonly number[] = []) => {
      begun.add(name)
      const identity = identifyProcess(pid)
      if (identity === undefined) return
      state.put({ name, pid, identity, endpoint, ports: usedPorts, logFile: join(logDir, `${name}.log`) })
    }
    const { server, ports: usedPorts } = await startServer(
      name, { dir, logDir, settings: options, brokers, lifetime: 'detached', onSpawn: record }, ports, onEvent
    )
    if (server.pid !== undefined) record(server.pid, endpointOf(server), usedPorts)
    return endpointOf(server)
  }
  const ensureKafkaAndConnect = async () => {
    if (!servers.includes('kafka') && !servers.includes('connect')) return
    const brokers = await ensure('kafka')
    if (servers.includes('connect')) await ensure('connect', brokers)
  }
  const results = await Promise.allSettled([
    ensureKafkaAndConnect(),
    ...INDEPENDENT_SERVERS.filter(name => servers.includes(name)).map(name => ensure(name))
  ])
  const failure = results.find(result => result.status === 'rejected')
  if (failure !== undefined) {
    await endProcesses(state, state.read().filter(({ name }) => begun.has(name)))
    throw failure.reason
  }
  return stackStatus({ dir })
}

/**
 * Puts a process of the caller's under the care of the stack: `stackStatus` shows it, and `stackDown` ends it before the
 * servers that were there before it.
 */
export function adoptProcess (entry: Omit<DetachedProcess, 'identity'>, { dir = DETACHED_STACK_FOLDER } = {}): void {
  const identity = identifyProcess(entry.pid)
  if (identity === undefined) throw new Error(`${entry.name}: there is no process ${entry.pid}`)
  new StackState(dir).put({ ...entry, identity })
}

/** What was started here and whether it still runs. Empty when nothing was. */
export async function stackStatus ({ dir = DETACHED_STACK_FOLDER } = {}): Promise<ProcessStatus[]> {
  return new StackState(dir).read().map(entry => ({ ...entry, running: isRunning(entry) }))
}

/** Ends what was started here, the youngest first, and nothing else. Returns the names of those that ran. */
export async function stackDown ({ dir = DETACHED_STACK_FOLDER } = {}): Promise<string[]> {
  const state = new StackState(dir)
  return await endProcesses(state, state.read())
}

async function endProcesses (state: StackState, entries: readonly DetachedProcess[]): Promise<string[]> {
  const ended: string[] = []
  for (const entry of entries.toReversed()) {
    if (isRunning(entry)) {
      ended.push(entry.name)
      await endProcess(entry)
    }
    state.remove(entry.name)
  }
  return ended
}

/** SIGTERM, then SIGKILL. Nothing tells the end of somebody else's child, so it is looked for. */
async function endProcess (entry: DetachedProcess): Promise<void> {
  send(entry, 'SIGTERM')
  const deadline = performance.now() + (entry.name === 'elasticmq' ? ELASTICMQ_STOP_TIMEOUT_MS : STOP_TIMEOUT_MS)
  while (isRunning(entry) && performance.now() < deadline) await delay(POLL_INTERVAL_MS)
  if (isRunning(entry)) send(entry, 'SIGKILL')
  while (isRunning(entry)) await delay(POLL_INTERVAL_MS)
}

function send (entry: DetachedProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(entry.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
