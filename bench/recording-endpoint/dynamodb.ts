import { type Answer, EMPTY, ok, refusal } from './answer.js'
import { fieldsOf } from './event-text.js'
import { type CallFaults } from './faults.js'
import { type Recorder, type RowMark } from './recorder.js'

type Item = Readonly<Record<string, { readonly S?: string, readonly N?: string } | undefined>>

export interface BatchWriteInput {
  readonly RequestItems: Readonly<Record<string, ReadonlyArray<{ readonly PutRequest?: { readonly Item: Item } }>>>
}

export interface PutInput {
  readonly Item: Item
  readonly ConditionExpression?: string
}

const MAX_ITEMS = 25
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_BYTES = 400 * 1024
const MAX_KEY_BYTES = 2048
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024
const PUT_REQUEST = Buffer.from('"PutRequest"')

/** The hot path of a load run: the items are counted without being parsed. */
export function countBatchWrite (recorder: Recorder, body: Buffer): Answer {
  let items = 0
  for (let at = body.indexOf(PUT_REQUEST); at !== -1; at = body.indexOf(PUT_REQUEST, at + PUT_REQUEST.length)) items++
  recorder.attempted(items)
  recorder.countRows(items)
  return EMPTY
}

export function uidsOfItems ({ RequestItems: tables }: BatchWriteInput): Array<string | undefined> {
  return Object.values(tables).flat().map(request => request.PutRequest?.Item['UUID']?.S)
}

export function batchWriteItem (recorder: Recorder, input: BatchWriteInput, faults: CallFaults): Answer {
  const unprocessed: Record<string, unknown[]> = {}
  for (const [table, requests] of Object.entries(input.RequestItems)) {
    if (requests.length > MAX_ITEMS) return refusal('ValidationException', 'Too many items requested for the BatchWriteItem call')
    const keys = new Set(requests.map(request => request.PutRequest?.Item['UUID']?.S))
    if (keys.size < requests.length) return refusal('ValidationException', 'Provided list of item keys contains duplicates')
    if (recorder.mode === 'full' && requests.some(request => breaksLimit(request.PutRequest?.Item ?? {}))) return refusal('ValidationException', 'Item size has exceeded the maximum allowed size')
    for (const request of requests) {
      const item = request.PutRequest?.Item ?? {}
      if (faults.failEntry(() => item['UUID']?.S) === undefined) recorder.row(item, markOf(item))
      else (unprocessed[table] ??= []).push(request)
    }
  }
  recorder.unprocessed(Object.values(unprocessed).flat().length)
  return ok({ UnprocessedItems: unprocessed })
}

/** Honours the one condition it is asked with: a row is only replaced by a newer record of its partition. */
export function putItem (recorder: Recorder, input: PutInput): Answer {
  if (breaksLimit(input.Item)) return refusal('ValidationException', 'Item size has exceeded the maximum allowed size')
  const mark = markOf(input.Item)
  const known = recorder.rows.get(mark.uid)
  if (input.ConditionExpression !== undefined && known !== undefined && known.partition === mark.partition && known.offset >= mark.offset) {
    return refusal('ConditionalCheckFailedException', 'The conditional request failed')
  }
  recorder.row(input.Item, mark)
  return EMPTY
}

export function describeTable (input: { readonly TableName: string }): Answer {
  return ok({
    Table: {
      TableName: input.TableName,
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'UUID', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'UUID', AttributeType: 'S' }]
    }
  })
}

function breaksLimit (item: Item): boolean {
  const keyBytes = Buffer.byteLength(item['UUID']?.S ?? '')
  let bytes = 0
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value?.S ?? '') + Math.ceil((value?.N?.length ?? 0) / 2)
  return keyBytes === 0 || keyBytes > MAX_KEY_BYTES || bytes > MAX_ITEM_BYTES
}

function markOf (item: Item): RowMark {
  return {
    uid: item['UUID']?.S ?? '',
    fields: fieldsOf(item['Context']?.S, item['EventType']?.S, item['CreatedAt']?.S),
    partition: Number(item['SourcePartition']?.N ?? -1),
    offset: Number(item['SourceOffset']?.N ?? -1)
  }
}
