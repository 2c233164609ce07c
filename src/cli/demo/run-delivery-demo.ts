import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../../errors.js'
import { proveDelivery } from '../../proof/delivery/prove-delivery.js'
import { deliveryProofRows } from '../../proof/delivery/render-delivery-proof.js'
import { type DeliveryConfig, loadConfig } from '../../service/config/load-config.js'
import { findFreePort, findPortFrom } from '../../stack/ports.js'
import { provisionDelivery } from '../provision/provision-delivery.js'
import { BEHAVIOURS, RETRIES } from './delivery/behaviours.js'
import { DemoDestination } from './delivery/demo-destination.js'
import { type DestinationState, LiveTable, readStates } from './delivery/live-table.js'
import { sendEvents } from './delivery/send-events.js'
import { untilCommitted } from './drain.js'
import { adoptEnvironment, deliveryDemoEnvironment, type DeliveryPlace } from './environment.js'
import { type DemoService } from './service.js'
import { onStage, type Stage, type StageOptions } from './stage.js'
import { renderProof, renderVerdict } from './summary.js'

export interface DeliveryDemoOptions extends StageOptions {
  readonly events: number
  readonly seed: number
}

export interface DeliveryDemoHooks {
  readonly write?: (text: string) => void
  /** Called when every destination is done and before the proof. */
  readonly beforeProof?: (place: DeliveryPlace, destinations: readonly DemoDestination[]) => Promise<void>
}

const PARTITIONS = 12
const USERS = 20
const INGEST_PORT = 8_080
const LOOK_EVERY_MS = 250
/** Nothing has ended for this long: the proof then says what is missing. */
const STALL_TIMEOUT_MS = 60_000

/** Runs the demo of the delivery pipeline to its end and returns the exit code. Changes this process' environment. */
export async function runDeliveryDemo (options: DeliveryDemoOptions, hooks: DeliveryDemoHooks = {}): Promise<number> {
  const destinations = BEHAVIOURS.map((behaviour, at) => new DemoDestination(behaviour, options.seed + at))
  try {
    await Promise.all(destinations.map(destination => destination.listen()))
    return await onStage(options, hooks.write ?? (text => { process.stdout.write(text) }), stage => act(stage, destinations, options, hooks))
  } finally {
    await Promise.all(destinations.map(destination => destination.close()))
  }
}

/** Whether everything agrees. */
async function act (stage: Stage, destinations: readonly DemoDestination[], { events: count, ports }: DeliveryDemoOptions, hooks: DeliveryDemoHooks): Promise<boolean> {
  const { report } = stage
  report.text(`${count} events of ${USERS} users to ${destinations.length} destinations, ${RETRIES} retries each\n\n`)
  const { endpoint, adminPort } = await stage.startServers(['kafka'])
  const ingestPort = ports === 'free' ? await findFreePort() : await findPortFrom(INGEST_PORT)
  const place: DeliveryPlace = { brokers: endpoint('kafka'), adminPort, ingestPort, destinations: destinations.map(({ definition }) => definition) }
  adoptEnvironment(deliveryDemoEnvironment(process.env, place))
  const { config } = loadConfig(process.env, 'delivery')
  const steps = await provisionDelivery(config, { partitions: PARTITIONS, replicationFactor: 1, timeoutMs: 30_000 })
  stage.created('Topics', steps, [['topic', 'topics']])
  report.done('Destinations', `${destinations.length} HTTP servers: ${BEHAVIOURS.map(({ name, what }) => `${name} ${what}`).join(', ')}`)
  const service = await stage.startService('delivery', adminPort)

  const startedAt = performance.now()
  const events = await sendEvents(`http://127.0.0.1:${ingestPort}/events`, count, USERS)
  report.done('Events', `${events.length} accepted by PUT /events`)
  if (await watch(service, count, text => { report.text(text) })) report.settled(count, performance.now() - startedAt)
  else report.failed('Settled', 'nothing moves any more; the proof says what is missing')
  for (const group of groupsOf(config)) await untilCommitted({ kafka: { ...config.kafka, groupId: group } }, config.delivery.topic)
  await hooks.beforeProof?.(place, destinations)

  const proof = await proveDelivery({ kafka: config.kafka, topic: config.delivery.topic, events, destinations: toProve(config, destinations) })
  report.done('Proof', 'the topic, every request, dead letters and offsets are read to their ends')
  report.text(`\n${renderProof({ rows: deliveryProofRows(proof), identity: 'id' }, 'what was accepted, compared with the topic and with all that each destination was sent')}${renderVerdict(proof)}`)
  return proof.agrees
}

function groupsOf ({ delivery }: DeliveryConfig): string[] {
  return delivery.destinations.map(({ name }) => delivery.groupPrefix + name)
}

function toProve ({ delivery }: DeliveryConfig, destinations: readonly DemoDestination[]) {
  return destinations.map(({ behaviour: { name, attempts }, requests }) => ({
    destination: name,
    maxAttempts: 1 + RETRIES,
    attempts,
    groupId: delivery.groupPrefix + name,
    deadLetterTopic: delivery.destinations.find(destination => destination.name === name)?.deadLetterTopic ?? '',
    requests
  }))
}

/** Shows the table until every destination has ended every event, or nothing moves any more. */
async function watch (service: DemoService, events: number, write: (text: string) => void): Promise<boolean> {
  const expected = events * BEHAVIOURS.length
  const table = new LiveTable(BEHAVIOURS.map(({ name, what }) => [name, what]), process.stdout.isTTY, write)
  let ended = 0
  let movedAt = performance.now()
  while (ended < expected && performance.now() - movedAt < STALL_TIMEOUT_MS) {
    if (!service.isRunning) throw new AppError('UNAVAILABLE', `the service has ended by itself; its log: ${service.logFile}`)
    await delay(LOOK_EVERY_MS)
    const states = await look(service.adminUrl)
    if (states === undefined) continue
    table.show(states)
    const now = [...states.values()].reduce((sum, { delivered, dead }) => sum + delivered + dead, 0)
    if (now > ended) movedAt = performance.now()
    ended = now
  }
  table.end()
  return ended >= expected
}

/** Undefined when it can not be told at the moment. */
async function look (adminUrl: string): Promise<ReadonlyMap<string, DestinationState> | undefined> {
  try {
    return readStates(await (await fetch(`${adminUrl}/metrics`)).text())
  } catch {
    return undefined
  }
}
