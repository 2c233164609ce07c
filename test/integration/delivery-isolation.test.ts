import { randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { DeliveryRoad, type DeliveryRoadOptions } from '../helpers/delivery-road.js'
import { type Behaviour } from '../helpers/destination-server.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'

const GOOD = ['good-1', 'good-2', 'good-3', 'good-4', 'good-5', 'good-6', 'good-7']
const ROUNDS = 3
const EVENTS = 400
const RATE_PER_SECOND = 50
/** Of the soak: 1.1, on a machine that does nothing else. */
const MAX_RATIO = 2

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

const succeeds: Behaviour = () => 200
const BAD: DeliveryRoadOptions['destinations'] = {
  hanging: { behaviour: () => () => {}, timeoutMs: 2_000 },
  slow: { behaviour: () => response => { setTimeout(() => { response.writeHead(200).end() }, 5_000) } },
  flapping: { behaviour: () => randomInt(2) === 0 ? 500 : 200 }
}

t.test('A destination that hangs, one that takes 5 s and one that fails half of the time leave the others\' p99 as it is without them', async t => {
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await p99(t, `alone-${round}`, {})
    const beside = await p99(t, `beside-${round}`, BAD)
    ratios.push(beside / alone)
    t.comment(`p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside`)
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
  t.ok(median <= MAX_RATIO, `median ratio ${median.toFixed(2)}`)
})

/** Of all deliveries to the good destinations, from the request of the client to the request at the destination, in ms. */
async function p99 (t: Test, name: string, bad: DeliveryRoadOptions['destinations']): Promise<number> {
  const road = await DeliveryRoad.create(t, {
    name, kafka: kafka.brokers, destinations: { ...Object.fromEntries(GOOD.map(good => [good, { behaviour: succeeds }])), ...bad }
  })
  const service = await road.startService()
  const warmUp = Array.from({ length: 20 }, (_, index) => [`warm_${index}`, ''] as const)
  await road.send(service, warmUp)
  await road.isWorkedOff(service, ...GOOD)
  await sendPaced(road, service)
  await road.isWorkedOff(service, ...GOOD)
  const latencies = GOOD.flatMap(good => {
    const received = road.received(good)
    return received.map(({ payload }, index) => road.servers[good]!.received[index]!.at - Number(payload)).slice(warmUp.length)
  }).toSorted((a, b) => a - b)
  t.equal(latencies.length, GOOD.length * EVENTS, 'each destination got every event once')
  await service.kill()
  return latencies[Math.floor(latencies.length * 0.99)]!
}

/** Each event says when it was sent, and has a user of its own. */
async function sendPaced (road: DeliveryRoad, service: TestService): Promise<void> {
  const startedAt = performance.now()
  const sending: Array<Promise<unknown>> = []
  for (let index = 0; index < EVENTS; index++) {
    const waitMs = startedAt + index * 1000 / RATE_PER_SECOND - performance.now()
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    sending.push(road.send(service, [[`user_${index}`, String(performance.now())]]))
  }
  await Promise.all(sending)
}
