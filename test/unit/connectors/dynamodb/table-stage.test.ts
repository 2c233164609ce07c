import t from 'tap'
import { type BatchWriteItemCommandInput, type DynamoDBClient, type PutItemCommandInput } from '@aws-sdk/client-dynamodb'
import { encodeRow } from '../../../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { createTableStage } from '../../../../src/connectors/dynamodb/table-stage.js'
import { fakeClient, type FlightOptions, flightOf, serviceError } from '../flights.js'

type Answer = (operation: string, input: never) => unknown

interface Event { readonly uid: string }

function stageOn (answer: Answer) {
  const client = fakeClient<DynamoDBClient>(answer)
  return createTableStage<Event>({
    table: { writer: new SdkBatchWriter(client, 1000), client, name: 'events', keyName: 'UUID', callTimeoutMs: 1000 },
    batch: { maxRecords: 100, maxBytes: 100 * 1024 * 1024, lingerMs: 1 },
    concurrency: 1,
    key: flight => flight.payload.uid,
    row: ({ payload, record }) => encodeRow(payload.uid, {
      UUID: { S: payload.uid }, SourcePartition: { N: String(record.partition) }, SourceOffset: { N: String(record.offset) }
    })
  })
}

const flights = (count: number, options: FlightOptions = {}) => Array.from({ length: count }, (_, index) => flightOf({ uid: `u${index}` }, options))
const keysOf = (input: BatchWriteItemCommandInput) => input.RequestItems?.['events']?.map(request => request.PutRequest?.Item?.['UUID']?.S) ?? []
const run = async (answer: Answer, count: number) => await stageOn(answer).run(flights(count), new AbortController().signal)
const TOOK_ALL = { UnprocessedItems: {} }
const DESCRIPTION = { Table: { KeySchema: [{ AttributeName: 'UUID' }], AttributeDefinitions: [{ AttributeName: 'UUID', AttributeType: 'S' }] } }

t.test('a batch is one call, and every record of it is done', async t => {
  const calls: BatchWriteItemCommandInput[] = []
  const outcomes = await run((_operation, input) => { calls.push(input); return TOOK_ALL }, 25)
  t.equal(calls.length, 1)
  t.equal(calls[0]?.RequestItems?.['events']?.length, 25)
  t.strictSame(outcomes.map(outcome => outcome.class), Array(25).fill('done'))
})

t.test('what the service leaves unprocessed is found again by its key', async t => {
  const outcomes = await run((_operation, input: BatchWriteItemCommandInput) => ({ UnprocessedItems: { events: input.RequestItems?.['events']?.slice(1, 3) } }), 4)
  t.strictSame(outcomes.map(outcome => outcome.class), ['done', 'transient', 'transient', 'done'])
  t.match(outcomes[1], { code: 'UNPROCESSED', throttled: true })
})

t.test('an answer that does not say what was left unprocessed, or names what was not sent, confirms nothing', async t => {
  const stranger = { PutRequest: { Item: { UUID: { S: 'another' } } } }
  for (const answer of [{}, { UnprocessedItems: null }, { UnprocessedItems: { events: [stranger] } }]) {
    const outcomes = await run(() => answer, 3)
    t.strictSame(outcomes.map(outcome => `${outcome.class} ${'code' in outcome ? outcome.code : ''}`), Array(3).fill('transient UNKNOWN'), JSON.stringify(answer))
  }
})

t.test('a call that is left unprocessed as a whole is a throttled table', async t => {
  const outcomes = await run((_operation, input: BatchWriteItemCommandInput) => ({ UnprocessedItems: input.RequestItems }), 3)
  t.strictSame(outcomes.map(outcome => `${outcome.class} ${'code' in outcome ? outcome.code : ''}`), Array(3).fill('environment THROTTLED'))
})

for (const [name, bad] of [['first', 0], ['middle', 12], ['last', 24]] as const) {
  t.test(`one bad row in the ${name} place never spoils the other 24`, async t => {
    const written: unknown[] = []
    let calls = 0
    const outcomes = await run((_operation, input: BatchWriteItemCommandInput) => {
      calls++
      if (keysOf(input).includes(`u${bad}`)) throw serviceError('ValidationException')
      written.push(...keysOf(input))
      return TOOK_ALL
    }, 25)
    t.equal(written.length, 24)
    t.equal(new Set(written).size, 24)
    t.match(outcomes[bad], { class: 'poison', code: 'REFUSED', detail: 'ValidationException' })
    t.equal(outcomes.filter(outcome => outcome.class === 'done').length, 24)
    t.ok(calls <= 12, `${calls} calls`)
  })
}

t.test('when every row is refused it is not the rows', async t => {
  const outcomes = await run(() => { throw serviceError('ValidationException') }, 3)
  t.strictSame(outcomes.map(outcome => 'code' in outcome && outcome.code), Array(3).fill('MISCONFIGURED'))
  t.match(outcomes[0], { class: 'environment', scope: 'stage' })
})

t.test('a single row is poison when the table is what rows are made for', async t => {
  const [outcome] = await run(operation => {
    if (operation === 'DescribeTable') return DESCRIPTION
    throw serviceError('ValidationException')
  }, 1)
  t.match(outcome, { class: 'poison', code: 'REFUSED' })
})

t.test('a single row is held when the table wants another key', async t => {
  const [outcome] = await run(operation => {
    if (operation === 'DescribeTable') return { Table: { KeySchema: [{ AttributeName: 'id' }] } }
    throw serviceError('ValidationException')
  }, 1)
  t.match(outcome, { class: 'environment', code: 'MISCONFIGURED', detail: /id/ })
})

t.test('a table that fails while a refused call is halved gets no more calls', async t => {
  let calls = 0
  const outcomes = await run(() => {
    if (++calls === 1) throw serviceError('ValidationException')
    throw serviceError('InternalServerError', 500)
  }, 8)
  t.equal(calls, 2)
  t.strictSame(outcomes.map(outcome => 'code' in outcome && outcome.code), Array(8).fill('SERVER_ERROR'))
})

t.test('no row is condemned when the halving ends before one was taken', async t => {
  const answer = (first: string): Answer => (_operation, input: BatchWriteItemCommandInput) => {
    const keys = keysOf(input)
    if (keys.length > 1) throw serviceError('ValidationException')
    if (keys[0] === first) return TOOK_ALL
    throw keys[0] === 'u1' ? serviceError('ValidationException') : serviceError('InternalServerError', 500)
  }
  const codes = async (first: string, count: number) => (await stageOn(answer(first)).run(flights(count), new AbortController().signal))
    .map(outcome => 'code' in outcome ? outcome.code : outcome.class)
  t.strictSame(await codes('u0', 3), ['done', 'REFUSED', 'SERVER_ERROR'])
  const stage = stageOn((_operation, input: BatchWriteItemCommandInput) => {
    throw keysOf(input).length > 1 || keysOf(input)[0] === 'u0' ? serviceError('ValidationException') : serviceError('InternalServerError', 500)
  })
  t.match(await stage.run(flights(2), new AbortController().signal), [{ code: 'SERVER_ERROR' }, { code: 'SERVER_ERROR' }])
})

t.test('an abort ends the call with an outcome for every record', async t => {
  const controller = new AbortController()
  const outcomes = stageOn(async () => await new Promise(() => {})).run(flights(2), controller.signal)
  controller.abort()
  t.strictSame((await outcomes).map(outcome => 'code' in outcome && outcome.code), ['ABORTED', 'ABORTED'])
})

t.test('replays are put one by one under a condition, the others in a batch, outcomes in order', async t => {
  const calls: string[] = []
  const stage = stageOn((operation, input: PutItemCommandInput) => {
    calls.push(operation)
    if (operation !== 'PutItem') return TOOK_ALL
    t.match(input, { ConditionExpression: /attribute_not_exists/, ExpressionAttributeValues: { ':offset': { N: '0' } } })
    if (input.Item?.['UUID']?.S === 'newer') throw serviceError('ConditionalCheckFailedException')
    throw serviceError('InternalServerError', 500)
  })
  const batch = [flightOf({ uid: 'newer' }, { replay: true }), flightOf({ uid: 'plain' }), flightOf({ uid: 'failing' }, { replay: true })]
  const outcomes = await stage.run(batch, new AbortController().signal)
  t.strictSame(outcomes.map(outcome => outcome.class), ['done', 'done', 'transient'])
  t.strictSame(calls.sort(), ['BatchWriteItem', 'PutItem', 'PutItem'])
})

t.test('the stage never asks for more than a call may hold', async t => {
  const stage = stageOn(() => TOOK_ALL)
  t.equal(stage.batch.maxRecords, 25)
  t.ok(stage.batch.maxBytes <= 16 * 1024 * 1024)
  t.equal(stage.maxPerLane, 1)
  t.match(stage.check?.(flightOf({ uid: '' })), { class: 'poison' })
})
