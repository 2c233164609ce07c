import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PROJECT_ROOT } from './jvm.js'

export interface FileSourceOptions {
  readonly name: string
  /** The absolute path of a file. Every line of it, and every line appended later, becomes a record with a null key. */
  readonly file: string
  readonly topic: string
}

const CONNECTOR_FILE = join(PROJECT_ROOT, 'resource', 'connect', 'file-source-connector.json')
const RUNNING_TIMEOUT_MS = 30_000
const POLL_INTERVAL_MS = 100

/**
 * Creates the file source connector in Kafka Connect, or gives the one of that name this configuration, and waits until
 * its task runs. Its place in the file is kept in Kafka under its name.
 */
export async function createFileSource (connectUrl: string, { name, file, topic }: FileSourceOptions): Promise<void> {
  const definition = JSON.parse(await readFile(CONNECTOR_FILE, 'utf8')) as { config: Record<string, string> }
  const connector = `${connectUrl}/connectors/${encodeURIComponent(name)}`
  await request(`${connector}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...definition.config, file, topic })
  })
  const deadline = performance.now() + RUNNING_TIMEOUT_MS
  for (;;) {
    const status = await connectorStatus(connector)
    if (status === 'RUNNING') return
    if (status.startsWith('FAILED')) throw new Error(`the file source ${name} failed: ${status}`)
    if (performance.now() > deadline) throw new Error(`the file source ${name} does not run after ${RUNNING_TIMEOUT_MS / 1000} s: it is ${status}`)
    await delay(POLL_INTERVAL_MS)
  }
}

/** The state of the connector's only task; of the connector itself while it has none. */
async function connectorStatus (connector: string): Promise<string> {
  const response = await fetch(`${connector}/status`)
  if (response.status === 404) return 'UNASSIGNED' // The worker has taken the configuration and not yet acted on it.
  const { connector: { state }, tasks: [task] } = await response.json() as ConnectorStatus
  if (task?.state === 'FAILED') return `FAILED ${task.trace?.split('\n', 1)[0] ?? ''}`
  return task?.state ?? (state === 'RUNNING' ? 'UNASSIGNED' : state)
}

interface ConnectorStatus {
  readonly connector: { readonly state: string }
  readonly tasks: ReadonlyArray<{ readonly state: string, readonly trace?: string }>
}

async function request (url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${init.method} ${url} answers ${response.status}: ${await response.text()}`)
}
