import { type KafkaConsumer, type LibrdKafkaError, type Producer } from 'node-rdkafka'
import { type Clock } from '../../engine/clock.js'
import { connectionFailure } from './client-log.js'
import { type KafkaLog } from './kafka-log.js'

const CONNECT_TIMEOUT_MS = 3_000
const CONNECT_RETRY_MS = 1_000
const DISCONNECT_TIMEOUT_MS = 8_000

/** A consumer or a producer; the typings give each an `on` of its own. */
type Client = (KafkaConsumer | Producer) & { on (event: 'event.log', listener: (line: unknown) => void): unknown, off (event: 'event.log', listener: (line: unknown) => void): unknown }

/** Connects a new client, again and again until the brokers are there; undefined when `signal` aborted first. */
export async function connectClient<C extends Client> (create: () => C, log: KafkaLog, clock: Clock, signal: AbortSignal): Promise<C | undefined> {
  const startedAt = clock.now()
  while (!signal.aborted) {
    const client = create()
    let why: string | undefined
    const listen = (line: unknown): void => { why = connectionFailure(line) ?? why }
    client.on('event.log', listen)
    const error = await connect(client)
    client.off('event.log', listen)
    if (error === undefined) {
      log.connected()
      return client
    }
    log.waitingForBrokers(why ?? error.message, clock.now() - startedAt)
    await disconnect(client, log, clock)
    await pause(clock, CONNECT_RETRY_MS, signal)
  }
  return undefined
}

/** Never waits longer than its deadline: a client that hangs on the way out is left to the end of the process. */
export async function disconnect (client: Client, log: KafkaLog, clock: Clock): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = clock.setTimer(() => {
      log.stuckDisconnect(DISCONNECT_TIMEOUT_MS)
      resolve()
    }, DISCONNECT_TIMEOUT_MS)
    const ended = (): void => {
      timer.clear()
      resolve()
    }
    if (!client.isConnected()) ended()
    else client.disconnect(ended)
  })
}

async function connect (client: Client): Promise<LibrdKafkaError | undefined> {
  return await new Promise(resolve => {
    client.connect({ timeout: CONNECT_TIMEOUT_MS }, error => { resolve(error ?? undefined) })
  })
}

/** Ends early when `signal` aborts. */
export async function pause (clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const end = (): void => {
      timer.clear()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.setTimer(end, ms)
    signal.addEventListener('abort', end)
  })
}
