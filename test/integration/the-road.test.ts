import { hash } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { chooseKinds } from '../../src/generator/invalid-kinds.js'
import { LedgerWriter } from '../../src/generator/ledger.js'
import { produceEvents } from '../../src/generator/produce-events.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { createFileSource } from '../../src/stack/file-source.js'
import { EventsRoad } from '../helpers/events-road.js'
import { PATIENT } from '../helpers/patience.js'
import { createTestFolder, startTestStack } from '../helpers/stack.js'

const KINDS = chooseKinds(undefined, 'kafka')
const COUNT = 2 * KINDS.length
/** As the first producers of this topic wrote them: accents, seven fractional digits, an offset. */
const REAL_RECORD = '{"uid":"a0237613-828d-4bce-8a7e-b1f686915d31","context":"autorizador de transações","event_type":"DELETE","client":"Client_B","created_at":"2024-09-10T04:17:09.0247241-03:00"}'

const { kafka, connect, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'connect', 'dynamodb', 'elasticmq'] })
const servers = { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint }

t.test('each kind of invalid record and as many valid ones end where they belong, and the metrics say so', async t => {
  const road = await EventsRoad.create(t, { name: 'the-road', servers, knobs: PATIENT })
  const service = await road.startService()
  await service.becomesReady()
  t.match(await service.health('/live'), { status: 200, text: 'alive' })

  const { valid, invalidByKind } = await road.produce({ count: COUNT, invalidShare: 0.5, extraShare: 0.5, key: 'client' })
  t.same([...invalidByKind.keys()].toSorted(), KINDS.map(kind => kind.name).toSorted(), 'every kind was sent')
  await road.isWorkedOff([service])
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.match(proof.produced, { records: COUNT, valid, invalid: KINDS.length })

  const metrics = await service.metrics()
  t.same({
    consumed: metrics.sum('penstock_consumed_records_total', { topic: 'the-road' }),
    valid: metrics.sum('penstock_examined_records_total', { verdict: 'valid' }),
    invalid: metrics.sum('penstock_examined_records_total', { verdict: 'invalid' }),
    stored: metrics.sum('penstock_outcomes_total', { stage: 'table', outcome: 'done' }),
    sent: metrics.sum('penstock_outcomes_total', { stage: 'queues', outcome: 'done' }),
    settled: metrics.sum('penstock_settled_records_total'),
    resent: metrics.sum('penstock_resent_records_total')
  }, { consumed: COUNT, valid, invalid: KINDS.length, stored: valid, sent: valid, settled: COUNT, resent: 0 })
  t.same(metrics.by('penstock_dead_letters_total', 'code'),
    Object.fromEntries([...proof.deadLetters.byReason].map(([code, { expected }]) => [code, expected])))
  for (const client of CLIENTS) {
    const sent = metrics.sum('penstock_outcomes_total', { stage: 'queues', key: client, outcome: 'done' })
    t.equal(sent, proof.messages.get(client)?.expected, `messages of ${client}`)
  }

  t.match(await service.health('/ready'), { status: 200, text: 'ready' })
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('lines of a file that Kafka Connect streams end where they belong, and so does one that is appended', async t => {
  const count = 400
  const road = await EventsRoad.create(t, { name: 'connected', servers })
  const service = await road.startService()
  const settled = async (): Promise<number> => (await service.metrics()).sum('penstock_settled_records_total')
  const file = join(createTestFolder(t), 'events.txt')
  await produceEvents({ to: { file }, count, invalidShare: 0.25, extraShare: 0.2, ledger: road.ledger })
  await createFileSource(connect.url, { name: 'connected', file, topic: road.config.events.topic })
  await service.sees('every line is settled', async () => await settled() === count, 60_000)

  const ledger = await LedgerWriter.resume(road.ledger)
  const { uid, client } = JSON.parse(REAL_RECORD) as { uid: string, client: string }
  ledger.append({
    index: count, uid, client, kind: 'real', expected: 'valid', sha256: hash('sha256', REAL_RECORD), bytes: Buffer.byteLength(REAL_RECORD), place: { line: count + 1, fileEnd: 0 }
  })
  await ledger.close()
  await appendFile(file, `${REAL_RECORD}\n`)
  await service.sees('the appended line is settled', async () => await settled() === count + 1)
  await road.isWorkedOff([service])
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.match(proof.produced, { records: count + 1, invalid: count / 4, repeats: 0 })
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})
