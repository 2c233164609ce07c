import { fileURLToPath } from 'node:url'
import { type PipelineName } from '../../service/config/pipelines.js'
import { ChildServer } from '../../stack/child-server.js'
import { adoptProcess } from '../../stack/detached-stack.js'
import { probeHttp } from '../../stack/http-probe.js'

export interface DemoService {
  readonly adminUrl: string
  readonly logFile: string
  readonly isRunning: boolean
  /** Resolves when it is ready. */
  start (): Promise<void>
  /** SIGTERM: it drains. */
  stop (): Promise<void>
}

export interface DemoServiceOptions {
  readonly pipeline: PipelineName
  readonly adminPort: number
  readonly logFile: string
  /** The folder of a stack that outlives this process: the service then does too, and belongs to it. */
  readonly keepIn: string | undefined
}

const LAUNCHER = fileURLToPath(new URL('../launcher.js', import.meta.url))
/** Beyond its own SHUTDOWN_GRACE_MS. */
const STOP_TIMEOUT_MS = 40_000

/** `penstock run` as anybody would start it, with the environment that this process then has. */
export function createService ({ pipeline, adminPort, logFile, keepIn }: DemoServiceOptions): DemoService {
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const server = new ChildServer({
    name: 'The service',
    command: process.execPath,
    args: [LAUNCHER, 'run', pipeline],
    logFile,
    probe: signal => probeHttp(`${adminUrl}/ready`, { signal }),
    stopTimeoutMs: STOP_TIMEOUT_MS,
    lifetime: keepIn === undefined ? 'guarded' : 'detached',
    onSpawn: pid => {
      if (keepIn !== undefined) adoptProcess({ name: 'service', pid, endpoint: adminUrl, ports: [adminPort], logFile }, { dir: keepIn })
    }
  })
  return {
    adminUrl,
    logFile,
    get isRunning () { return server.pid !== undefined },
    start: () => server.start(),
    stop: () => server.stop()
  }
}
