import { type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { classifyError } from '../../../../../src/connectors/aws/classify-error.js'
import { createDynamoDBClient, createSqsClient } from '../../../../../src/connectors/aws/clients.js'
import { encodeRow } from '../../../../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { SignedBatchWriter } from '../../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { encodeEntry } from '../../../../../src/connectors/sqs/entry.js'
import { SdkBatchSender } from '../../../../../src/connectors/sqs/sdk-batch-sender.js'
import { SignedBatchSender } from '../../../../../src/connectors/sqs/signed-batch-sender.js'
import { answer, type Deed, rawAnswer, startRawServer } from './raw-server.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

const TIMEOUTS = { connectTimeoutMs: 400, requestTimeoutMs: 500 }
const DEADLINE_MS = 800

const server = await startRawServer(t)
const options = { ...TIMEOUTS, region: 'eu-west-1', endpoint: server.url, maxSockets: 2 }
const limits = { ...TIMEOUTS, callTimeoutMs: DEADLINE_MS, connections: 2 }
const dynamodb = createDynamoDBClient(options)
const sqs = createSqsClient(options)
const writers = { sdk: new SdkBatchWriter(dynamodb, DEADLINE_MS), signed: new SignedBatchWriter(dynamodb, limits) }
const senders = { sdk: new SdkBatchSender(sqs, DEADLINE_MS), signed: new SignedBatchSender(sqs, limits) }
t.teardown(() => {
  for (const end of [dynamodb, sqs, writers.signed, senders.signed]) end.destroy()
})

const ROWS = [encodeRow('a', { UUID: { S: 'a' } }), encodeRow('b', { UUID: { S: 'b' } })]
const ENTRIES = ['a', 'b'].map(body => encodeEntry({ body, groupId: 'g', deduplicationId: body }))
const { signal } = new AbortController()

/** What came of a call, as far as anybody after it can tell. */
async function outcomeOf<Answer> (call: Promise<Answer>, ...members: ReadonlyArray<keyof Answer>): Promise<unknown> {
  try {
    const answer = await call
    return members.map(member => answer[member] ?? 'nothing')
  } catch (error) {
    const { code, retryAfterMs } = classifyError(error)
    return { code, retryAfterMs }
  }
}

const write = (transport: 'sdk' | 'signed') => outcomeOf(writers[transport].write('events', ROWS, signal), 'UnprocessedItems')
const send = (transport: 'sdk' | 'signed') => outcomeOf(senders[transport].send('http://sqs/0/a.fifo', ENTRIES, signal), 'Successful', 'Failed')

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html#API_BatchWriteItem_Errors, Programming.Errors and CommonErrors */
const DYNAMODB_ERRORS = [
  'InternalServerError', 'ItemCollectionSizeLimitExceededException', 'ProvisionedThroughputExceededException', 'ReplicatedWriteConflictException',
  'RequestLimitExceeded', 'ResourceNotFoundException', 'ThrottlingException', 'AccessDeniedException', 'ConditionalCheckFailedException',
  'IncompleteSignatureException', 'LimitExceededException', 'MissingAuthenticationTokenException', 'ResourceInUseException',
  'TransactionInProgressException', 'TransactionConflictException', 'UnrecognizedClientException', 'ValidationException', 'ExpiredTokenException',
  'ExpiredToken', 'InvalidSignatureException', 'SerializationException', 'UnknownOperationException', 'ServiceUnavailable', 'InternalFailure',
  'NotAuthorized', 'OptInRequired', 'RequestExpired', 'RequestTimeTooSkewed', 'SignatureDoesNotMatch', 'InvalidClientTokenId', 'ValidationError',
  'MalformedHttpRequestException', 'RequestAbortedException', 'RequestEntityTooLargeException', 'RequestTimeoutException', 'KMSInvalidStateException', 'SomethingNew'
]

/** Names, and what they were in the Query protocol: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html#API_SendMessageBatch_Errors and CommonErrors */
const SQS_ERRORS: Readonly<Record<string, string>> = {
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidAddress: 'InvalidAddress',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidSecurity: 'InvalidSecurity',
  KmsAccessDenied: 'KMS.AccessDeniedException',
  KmsDisabled: 'KMS.DisabledException',
  KmsInvalidKeyUsage: 'KMS.InvalidKeyUsageException',
  KmsInvalidState: 'KMS.InvalidStateException',
  KmsNotFound: 'KMS.NotFoundException',
  KmsOptInRequired: 'KMS.OptInRequired',
  KmsThrottled: 'KMS.ThrottlingException',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueDeletedRecently: 'AWS.SimpleQueueService.QueueDeletedRecently',
  RequestThrottled: 'RequestThrottled',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
  OverLimit: 'OverLimit',
  InvalidMessageContents: 'InvalidMessageContents',
  InvalidAttributeValue: 'InvalidAttributeValue',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
  ExpiredTokenException: 'ExpiredToken',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  ThrottlingException: 'Throttling',
  InternalFailure: 'InternalFailure',
  ServiceUnavailable: 'ServiceUnavailable',
  SomethingNew: 'SomethingNew'
}

t.test('every error that DynamoDB documents has the same class, wherever its name stands', async t => {
  for (const name of DYNAMODB_ERRORS) {
    const status = /^(Internal|ServiceUn)/.test(name) ? 500 : 400
    await same(t, name, write, {
      'as type, with its namespace': answer(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'of the service' })),
      'as type, bare': answer(status, JSON.stringify({ __type: name, Message: 'of the service' })),
      'as code': answer(status, JSON.stringify({ code: name })),
      'in a header': answer(status, '{}', { 'x-amzn-ErrorType': `${name}:http://internal.amazon.com/coral/com.amazon.coral.service/` }),
      'in a header, without a body': answer(status, '', { 'x-amzn-errortype': name })
    })
  }
})

t.test('every error that SQS documents has the same class, by either of its names', async t => {
  for (const [name, queryName] of Object.entries(SQS_ERRORS)) {
    const status = /^(Internal|ServiceUn)/.test(name) ? 500 : 400
    const body = JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message: 'of the service' })
    await same(t, name, send, {
      'as type': answer(status, body),
      'by both names': answer(status, body, { 'x-amzn-query-error': `${queryName};Sender` }),
      'by its old name': answer(status, '{}', { 'x-amzn-query-error': `${queryName};Sender` }),
      'by its old name, without a body': answer(status, '', { 'x-amzn-query-error': `${queryName};Receiver` }),
      'in a header': answer(status, '{}', { 'x-amzn-errortype': `${name}:` })
    })
  }
})

const HTML = '<html><body><h1>Bad gateway</h1></body></html>'
const asHtml = { 'content-type': 'text/html' }

t.test('an answer that is no answer of the service has the same class', async t => {
  const names = { __type: 'ns#ThrottlingException', code: 'ValidationException', Code: 'AccessDenied', message: 'm' }
  const statuses = [301, 302, 400, 401, 403, 404, 408, 413, 414, 429, 500, 501, 502, 503, 504, 599]
  await sameForBoth(t, {
    ...Object.fromEntries(statuses.flatMap(status => [
      [`${status} with a page`, answer(status, HTML, asHtml)],
      [`${status} with nothing`, answer(status)],
      [`${status} with an empty object`, answer(status, '{}', { location: 'http://127.0.0.1:1/' })]
    ])),
    'retry after seconds': answer(503, '{}', { 'retry-after': '3' }),
    'retry after a date': answer(429, '{}', { 'Retry-After': 'Fri, 31 Dec 1999 23:59:59 GMT' }),
    'throttled, retry after': answer(400, '{"__type":"ThrottlingException"}', { 'Retry-After': '1.5' }),
    'names that contradict each other': answer(400, JSON.stringify(names), { 'x-amzn-errortype': 'ExpiredToken' }),
    'and with one of the Query protocol': answer(400, JSON.stringify(names), { 'x-amzn-errortype': 'ExpiredToken', 'x-amzn-query-error': 'OverLimit;Sender' }),
    'a code that is a number': answer(400, '{"code":7}'),
    'a type that is a number': answer(500, '{"__type":7}'),
    'a name that is empty': answer(400, '{"__type":""}'),
    'a name after several hashes': answer(400, '{"__type":"a#b#ThrottlingException"}'),
    'names with commas': answer(400, '{"__type":"ThrottlingException,Other:x"}'),
    'an error that is a list': answer(400, '[]'),
    'an error that is null': answer(400, 'null'),
    'an error that is a text': answer(500, '"ThrottlingException"'),
    'an error that is cut': answer(400, '{"__type":"Thrott'),
    'an error after a byte order mark': answer(400, '\uFEFF{"__type":"ThrottlingException"}')
  })
})

t.test('a success is read alike, and what only looks like one too', async t => {
  const unprocessed = { events: [{ PutRequest: { Item: { UUID: { S: 'b' }, SourceOffset: { N: '12345678901234567890' } } } }] }
  const successful = [{ Id: '0', MessageId: 'm', MD5OfMessageBody: '0cc175b9c0f1b6a831c399e269772661', SequenceNumber: '1' }]
  const failed = [{ Id: '1', Code: 'InternalError', SenderFault: false }]
  await sameForBoth(t, {
    'all done': answer(200, '{}'),
    'none left': answer(200, '{"UnprocessedItems":{}}'),
    'some left': answer(200, JSON.stringify({ UnprocessedItems: unprocessed })),
    'some failed': answer(200, JSON.stringify({ Successful: successful, Failed: failed })),
    'all failed': answer(200, JSON.stringify({ Successful: [], Failed: failed })),
    'in parts': inParts(rawAnswer(200, JSON.stringify({ Successful: successful, Failed: failed }))),
    chunked: socket => { socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"Failed"\r\n4\r\n:[]}\r\n0\r\n\r\n') },
    'until the connection ends': socket => { socket.end('HTTP/1.1 200 OK\r\n\r\n{"Failed":[]}') },
    'by an older protocol': socket => { socket.end('HTTP/1.0 200 OK\r\n\r\n{"Failed":[]}') },
    'with early hints': socket => { socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${rawAnswer(200, '{}')}`) },
    'another status': answer(202, '{}'),
    'nothing at all': answer(200),
    'members that are null': answer(200, '{"UnprocessedItems":null,"Successful":null,"Failed":null}'),
    'members that nobody knows': answer(200, '{"Surprise":[1],"ResponseMetadata":{"RequestId":"r"}}'),
    'a list': answer(200, '[]'),
    'a number': answer(200, '7'),
    'a text': answer(200, '"done"'),
    'a null': answer(200, 'null'),
    'a page': answer(200, HTML, asHtml),
    'cut JSON': answer(200, '{"UnprocessedItems":{'),
    'no content': socket => { socket.write('HTTP/1.1 204 No Content\r\n\r\n') }
  })
})

t.test('a connection that breaks has the same class, wherever it breaks', async t => {
  const whole = rawAnswer(200, '{"Successful":[],"Failed":[]}')
  const then = (text: string, end: (socket: Socket) => void): Deed => socket => { socket.write(text, 'latin1', () => { setImmediate(end, socket) }) }
  const reset = (socket: Socket) => { socket.resetAndDestroy() }
  const close = (socket: Socket) => { socket.end() }
  await sameForBoth(t, {
    'reset before the answer': reset,
    'reset within its head': then(whole.slice(0, 30), reset),
    'reset within its body': then(whole.slice(0, -5), reset),
    'closed before the answer': close,
    'closed within its head': then(whole.slice(0, 30), close),
    'closed within its body': then(whole.slice(0, -5), close),
    'closed within a chunk': then('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"Fa', close),
    'closed between chunks': then('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"Failed"\r\n', close),
    'an error, closed within its body': then(rawAnswer(503, '{"__type":"ServiceUnavailable"}').slice(0, -5), close),
    'another protocol': then('SSH-2.0-OpenSSH_9.6\r\n\r\n', close),
    'a head without end': then(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(70_000)}`, close)
  })
})

t.test('an answer that does not come, or does not end, has the same class', async t => {
  await sameForBoth(t, {
    'no answer': () => {},
    'half a head': socket => { socket.write('HTTP/1.1 200 OK\r\nx: y') },
    'half a body': socket => { socket.write(rawAnswer(200, '{"Successful":[],"Failed":[]}').slice(0, -5)) },
    'a trickle': socket => {
      const trickle = setInterval(() => socket.write('x'), 100)
      socket.on('close', () => { clearInterval(trickle) })
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
    }
  })
})

function inParts (text: string): Deed {
  return socket => {
    const write = (at: number): void => { socket.write(text.slice(at, at + 20), () => { if (at < text.length) setImmediate(write, at + 20) }) }
    write(0)
  }
}

async function sameForBoth (t: Test, deeds: Readonly<Record<string, Deed>>): Promise<void> {
  await same(t, 'write', write, deeds)
  await same(t, 'send', send, deeds)
}

async function same (t: Test, what: string, call: (transport: 'sdk' | 'signed') => Promise<unknown>, deeds: Readonly<Record<string, Deed>>): Promise<void> {
  for (const [how, deed] of Object.entries(deeds)) {
    server.answerWith(deed)
    const [sdk, signed] = await Promise.all([call('sdk'), call('signed')])
    t.strictSame(signed, sdk, `${what}, ${how}: ${JSON.stringify(sdk)}`)
  }
}
