import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { createDeliveryStage, type DeliveryStageOptions } from '../../../../src/connectors/http/delivery-stage.js'
import { DestinationClient } from '../../../../src/connectors/http/destination-client.js'
import { createSignWebhook } from '../../../../src/connectors/http/webhook-signature.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { type Outcome } from '../../../../src/engine/outcome.js'
import { type Behaviour, DestinationServer } from '../../../helpers/destination-server.js'
import { until } from '../../../helpers/until.js'
import { flightOf } from '../flights.js'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const VALUE = Buffer.from('{"id":"evt_1","payload":"event click !!!!"}')
const NEVER = new AbortController().signal

interface Payload {
  readonly id: string
  readonly user: string
}

async function rig (t: Test, behaviour: Behaviour, options: Partial<DeliveryStageOptions<Payload>> = {}) {
  const server = await DestinationServer.start(behaviour)
  const client = new DestinationClient({
    url: server.url, method: 'POST', headers: {}, connections: 4, connectTimeoutMs: 1_000, timeoutMs: 1_000, allowedNetworks: ['127.0.0.1'], clock: systemClock
  })
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  const stage = createDeliveryStage<Payload>({
    name: 'snowflake',
    client,
    sign: createSignWebhook([SECRET]),
    concurrency: 4,
    ratePerSecond: undefined,
    retryAfterMaxMs: 300,
    clock: systemClock,
    laneOf: ({ payload }) => payload.user,
    idOf: ({ payload }) => payload.id,
    ...options
  })
  const send = async (id = 'evt_1', signal = NEVER): Promise<Outcome> => {
    const [outcome] = await stage.run([flightOf({ id, user: 'u1' }, { record: { value: VALUE } })], signal)
    return outcome!
  }
  return { server, stage, send }
}

t.test('an event is sent as the log has it, signed, one a request', async t => {
  const { server, stage, send } = await rig(t, () => 200)
  t.strictSame(await send('evt_9'), { class: 'done' })
  const { body, headers, method } = server.received[0]!
  t.equal(method, 'POST')
  t.strictSame(body, VALUE)
  t.equal(headers['webhook-id'], 'evt_9')
  t.ok(new Webhook(SECRET).verify(body, headers as Record<string, string>))
  t.match(stage, { name: 'snowflake', concurrency: 4, batch: { maxRecords: 1, lingerMs: 0 } })
  t.equal(stage.orderKey(flightOf({ id: 'x', user: 'u7' })), 'u7')
})

const CLASSES: ReadonlyArray<readonly [statuses: readonly number[], outcome: string]> = [
  [[200, 201, 202, 204, 299], 'done'],
  [[408, 425, 429], 'transient RETRY_LATER'],
  [[500, 501, 502, 503, 504, 599], 'transient SERVER_ERROR'],
  [[400, 413, 422], 'poison REJECTED'],
  [[401, 407], 'environment CREDENTIALS'],
  [[403], 'environment ACCESS_DENIED'],
  [[404, 410], 'environment NOT_FOUND'],
  [[300, 301, 302, 303, 304, 307, 308, 405, 406, 411, 415, 426, 431], 'environment MISCONFIGURED'],
  [[402, 409, 418, 421, 423, 424, 428, 451, 499], 'transient UNEXPECTED_ANSWER']
]

t.test('the status says what becomes of the event', async t => {
  let status = 0
  const { send } = await rig(t, () => status)
  for (const [statuses, expected] of CLASSES) {
    for (status of statuses) {
      const outcome = await send()
      t.equal(outcome.class === 'done' ? 'done' : `${outcome.class} ${outcome.code}`, expected, String(status))
      if (outcome.class !== 'done') t.match(outcome.detail, String(status), 'people are told which')
      if (outcome.class === 'environment') t.equal(outcome.scope, 'stage')
    }
  }
})

t.test('when the destination asks for a pause, nothing is sent before it is over', async t => {
  const { server, send } = await rig(t, (_request, count) => response => {
    if (count === 1) response.writeHead(429, { 'retry-after': '3600' }).end()
    else response.writeHead(200).end()
  })
  t.match(await send(), { class: 'transient', code: 'RETRY_LATER', retryAfterMs: 300 }, 'never longer than the cap')
  t.strictSame(await send(), { class: 'done' })
  const [first, second] = server.received
  t.ok(second!.at - first!.at >= 295, `${second!.at - first!.at} ms`)
})

t.test('a pause that is said of one event holds only that event', async t => {
  const { server, send } = await rig(t, (_request, count) => response => {
    if (count === 1) response.writeHead(500, { 'retry-after': '1' }).end()
    else response.writeHead(200).end()
  }, { retryAfterMaxMs: 60_000 })
  t.match(await send(), { class: 'transient', retryAfterMs: 1_000 })
  t.strictSame(await send(), { class: 'done' })
  t.ok(server.received[1]!.at - server.received[0]!.at < 900)
})

t.test('who gives up while the rate holds it back has sent nothing', async t => {
  const { server, send } = await rig(t, () => 200, { ratePerSecond: 1 })
  await send()
  const controller = new AbortController()
  const sending = send('evt_2', controller.signal)
  controller.abort()
  t.match(await sending, { class: 'transient', code: 'ABORTED' })
  t.equal(server.received.length, 1)
})

t.test('a request without an answer is transient, and one that is given up says so', async t => {
  const { server, send } = await rig(t, () => () => {})
  const controller = new AbortController()
  const sending = send('evt_1', controller.signal)
  await until(() => server.received.length === 1)
  controller.abort()
  t.match(await sending, { class: 'transient', code: 'ABORTED' })
  t.match(await send(), { class: 'transient', code: 'TIMEOUT' })
})
