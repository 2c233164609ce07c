import t from 'tap'
import { type AttributeValue, CreateTableCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { createDynamoDBClient } from '../../src/connectors/aws/clients.js'
import { tableDefinition } from '../../src/connectors/dynamodb/definition.js'
import { encodeRow } from '../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../src/connectors/dynamodb/sdk-batch-writer.js'
import { createTableStage } from '../../src/connectors/dynamodb/table-stage.js'
import { startTestStack } from '../helpers/stack.js'
import { type FlightOptions, flightOf } from '../unit/connectors/flights.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

interface Event { readonly uid: string, readonly text?: string }

const stack = await startTestStack(t, { servers: ['dynamodb'] })
const client = createDynamoDBClient({ region: 'eu-west-1', endpoint: stack.dynamodb.endpoint, maxSockets: 8, connectTimeoutMs: 2000, requestTimeoutMs: 10_000 })
t.teardown(() => { client.destroy() })
await client.send(new CreateTableCommand(tableDefinition('events')))
await client.send(new CreateTableCommand({
  ...tableDefinition('other-key'),
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }]
}))

const { signal } = new AbortController()

function stageOn (table: string) {
  return createTableStage<Event>({
    table: { writer: new SdkBatchWriter(client, 20_000), client, name: table, keyName: 'UUID', callTimeoutMs: 20_000 },
    batch: { maxRecords: 25, maxBytes: 16 * 1024 * 1024, lingerMs: 0 },
    concurrency: 1,
    key: flight => flight.payload.uid,
    row: ({ payload, record }) => encodeRow(payload.uid, {
      UUID: { S: payload.uid },
      Text: { S: payload.text ?? '' },
      SourcePartition: { N: String(record.partition) },
      SourceOffset: { N: String(record.offset) }
    })
  })
}

async function rowOf (uid: string): Promise<Record<string, AttributeValue> | undefined> {
  return (await client.send(new GetItemCommand({ TableName: 'events', Key: { UUID: { S: uid } }, ConsistentRead: true }))).Item
}

async function write (payload: Event, options: FlightOptions) {
  const [outcome] = await stageOn('events').run([flightOf(payload, options)], signal)
  return outcome
}

t.test('a full batch is stored', async t => {
  const outcomes = await stageOn('events').run(Array.from({ length: 25 }, (_, offset) => flightOf({ uid: `full-${offset}`, text: 'é😀' }, { record: { offset } })), signal)
  t.ok(outcomes.every(outcome => outcome.class === 'done'))
  const { Items: items = [] } = await client.send(new ScanCommand({ TableName: 'events', ConsistentRead: true }))
  t.equal(items.filter(item => item['UUID']?.S?.startsWith('full-')).length, 25)
  t.match(await rowOf('full-7'), { Text: { S: 'é😀' }, SourceOffset: { N: '7' } })
})

t.test('a row too large is found among 25, and 24 land', async t => {
  const batch = Array.from({ length: 25 }, (_, index) => flightOf({ uid: `big-${index}`, text: index === 12 ? 'x'.repeat(401 * 1024) : 'small' }))
  const outcomes = await stageOn('events').run(batch, signal)
  t.match(outcomes[12], { class: 'poison', code: 'REFUSED', detail: 'ValidationException' })
  t.equal(outcomes.filter(outcome => outcome.class === 'done').length, 24)
  t.ok(await rowOf('big-24'))
  t.notOk(await rowOf('big-12'))
  t.match(stageOn('events').check?.(batch[12] ?? flightOf({ uid: '' })), { code: 'ITEM_TOO_LARGE' }, 'the check would have found it before')
})

t.test('our count of a row\'s size is never below the service\'s', async t => {
  const stage = stageOn('events')
  for (const excess of [0, 1]) {
    const bytes = 400 * 1024 - 'UUID'.length - 6 - 'Text'.length - 'SourcePartition'.length - 'SourceOffset'.length - 6 + excess
    const flight = flightOf({ uid: `size-${excess}`, text: 'x'.repeat(bytes) }, { record: { offset: 5 } })
    if (excess === 0) {
      t.equal(stage.check?.(flight), undefined)
      t.match(await stage.run([flight], signal), [{ class: 'done' }])
    } else {
      t.match(stage.check?.(flight), { code: 'ITEM_TOO_LARGE' })
    }
  }
})

t.test('a replay never overwrites what is newer', async t => {
  const at = (partition: number, offset: number, replay = true): FlightOptions => ({ replay, record: { partition, offset } })
  t.match(await write({ uid: 'newest', text: 'five' }, at(1, 5, false)), { class: 'done' })
  t.match(await write({ uid: 'newest', text: 'three' }, at(1, 3)), { class: 'done' })
  t.match(await rowOf('newest'), { Text: { S: 'five' } })
  t.match(await write({ uid: 'newest', text: 'five again' }, at(1, 5)), { class: 'done' })
  t.match(await rowOf('newest'), { Text: { S: 'five' } })
  t.match(await write({ uid: 'newest', text: 'twelve' }, at(1, 12)), { class: 'done' })
  t.match(await rowOf('newest'), { Text: { S: 'twelve' } }, 'offsets compare as numbers')
  t.match(await write({ uid: 'newest', text: 'other partition' }, at(2, 1)), { class: 'done' })
  t.match(await rowOf('newest'), { Text: { S: 'other partition' } })
  t.match(await write({ uid: 'absent', text: 'first' }, at(1, 1)), { class: 'done' })
  t.match(await rowOf('absent'), { Text: { S: 'first' } })
  await client.send(new PutItemCommand({ TableName: 'events', Item: { UUID: { S: 'foreign' }, Text: { S: 'without a source' } } }))
  t.match(await write({ uid: 'foreign', text: 'ours' }, at(1, 1)), { class: 'done' })
  t.match(await rowOf('foreign'), { Text: { S: 'ours' } })
})

t.test('a table with another key is at fault, not its rows', async t => {
  for (const count of [1, 3]) {
    const outcomes = await stageOn('other-key').run(Array.from({ length: count }, (_, index) => flightOf({ uid: `u${index}` })), signal)
    for (const outcome of outcomes) t.match(outcome, { class: 'environment', scope: 'stage', code: 'MISCONFIGURED' })
  }
  t.match(await stageOn('other-key').run([flightOf({ uid: 'u' }, { replay: true })], signal), [{ code: 'MISCONFIGURED' }])
})

t.test('a row of its own that the table refuses is poison', async t => {
  t.match(await stageOn('events').run([flightOf({ uid: '' })], signal), [{ class: 'poison', code: 'REFUSED' }])
})

t.test('a missing table holds', async t => {
  t.match(await stageOn('missing').run([flightOf({ uid: 'u' })], signal), [{ class: 'environment', scope: 'stage', code: 'NOT_FOUND' }])
})

t.test('a server that is gone holds', async t => {
  await stack.dynamodb.stop()
  t.match(await stageOn('events').run([flightOf({ uid: 'u' })], signal), [{ class: 'environment', scope: 'stage', code: 'UNAVAILABLE' }])
})
