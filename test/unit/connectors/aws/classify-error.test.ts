import t from 'tap'
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb'
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { type FailureCode } from '../../../../src/errors.js'
import { classifyError, codeOfServiceError, outcomeOf } from '../../../../src/connectors/aws/classify-error.js'
import { createDynamoDBClient, createSqsClient } from '../../../../src/connectors/aws/clients.js'
import { startRecordingEndpoint } from '../../../../bench/recording-endpoint/recording-endpoint.js'
import { serviceError } from '../flights.js'

const OPTIONS = { region: 'eu-west-1', maxSockets: 2, connectTimeoutMs: 500, requestTimeoutMs: 200 }

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

t.test('errors are known by the names services give them', async t => {
  const expected: Record<string, FailureCode> = {
    ProvisionedThroughputExceededException: 'THROTTLED',
    ThrottlingException: 'THROTTLED',
    RequestLimitExceeded: 'THROTTLED',
    RequestThrottled: 'THROTTLED',
    'KMS.ThrottlingException': 'THROTTLED',
    KmsThrottled: 'THROTTLED',
    ResourceNotFoundException: 'NOT_FOUND',
    QueueDoesNotExist: 'NOT_FOUND',
    'AWS.SimpleQueueService.NonExistentQueue': 'NOT_FOUND',
    AccessDenied: 'ACCESS_DENIED',
    AccessDeniedException: 'ACCESS_DENIED',
    KmsDisabled: 'ACCESS_DENIED',
    'KMS.DisabledException': 'ACCESS_DENIED',
    UnrecognizedClientException: 'CREDENTIALS',
    ExpiredToken: 'CREDENTIALS',
    ExpiredTokenException: 'CREDENTIALS',
    InvalidSignatureException: 'CREDENTIALS',
    CredentialsProviderError: 'CREDENTIALS',
    ValidationException: 'REFUSED',
    'com.amazon.coral.validate#ValidationException': 'REFUSED',
    BatchRequestTooLong: 'REFUSED',
    InternalServerError: 'SERVER_ERROR',
    ServiceUnavailable: 'SERVER_ERROR',
    AbortError: 'ABORTED',
    TimeoutError: 'TIMEOUT'
  }
  for (const [name, code] of Object.entries(expected)) t.equal(classifyError(serviceError(name)).code, code, name)
  t.equal(codeOfServiceError('SomethingNew'), undefined)
})

t.test('an unknown name is judged by its status', async t => {
  const expected: ReadonlyArray<readonly [number, FailureCode]> = [[500, 'SERVER_ERROR'], [503, 'SERVER_ERROR'], [429, 'THROTTLED'], [403, 'ACCESS_DENIED'], [401, 'CREDENTIALS'], [400, 'UNKNOWN']]
  for (const [status, code] of expected) t.equal(classifyError(serviceError('SomethingNew', status)).code, code, String(status))
})

t.test('a reset connection is not a timeout, though the SDK calls it one', async t => {
  t.equal(classifyError(Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })).code, 'CONNECTION')
  t.equal(classifyError(Object.assign(new Error('slow'), { name: 'TimeoutError', code: 'ETIMEDOUT' })).code, 'TIMEOUT')
})

t.test('a connection that was refused at each of several addresses was refused', async t => {
  const error = new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })])
  t.equal(classifyError(error).code, 'UNAVAILABLE')
})

t.test('whatever was thrown has a class', async t => {
  for (const thrown of [undefined, null, {}, 'text', 7]) t.equal(classifyError(thrown).code, 'UNKNOWN', String(thrown))
})

t.test('the detail of a refused signature does not repeat what was signed', async t => {
  const error = Object.assign(serviceError('InvalidSignatureException', 403), { message: 'x-amz-security-token:SECRET' })
  t.equal(classifyError(error).detail, 'InvalidSignatureException')
})

t.test('the wait that a service asks for is handed on', async t => {
  const error = Object.assign(serviceError('ThrottlingException'), { $response: { headers: { 'retry-after': '2' } } })
  t.match(outcomeOf(classifyError(error), 'key'), { class: 'environment', scope: 'key', code: 'THROTTLED', retryAfterMs: 2000 })
  error.$response.headers['retry-after'] = '3600'
  t.match(classifyError(error), { retryAfterMs: 60_000 }, 'of a service that is well again within the hour')
})

t.test('credentials are those of the whole stage, a missing queue is its own', async t => {
  t.match(outcomeOf(classifyError(serviceError('ExpiredToken')), 'key'), { scope: 'stage' })
  t.match(outcomeOf(classifyError(serviceError('QueueDoesNotExist')), 'key'), { scope: 'key' })
})

t.test('the SDK rejects with what the table expects', async t => {
  const endpoint = await startRecordingEndpoint()
  t.teardown(async () => { await endpoint.close() })
  const client = createDynamoDBClient({ ...OPTIONS, endpoint: endpoint.url })
  t.teardown(() => { client.destroy() })
  const write = async () => {
    await client.send(new BatchWriteItemCommand({ RequestItems: { table: [{ PutRequest: { Item: { UUID: { S: 'a' } } } }] } }))
  }
  const codeOf = async () => await write().then(() => 'none', (error: unknown) => classifyError(error).code)
  const operation = 'BatchWriteItem'

  endpoint.control({ faults: [{ operation, status: 400, error: 'ProvisionedThroughputExceededException' }] })
  t.equal(await codeOf(), 'THROTTLED')
  endpoint.control({ faults: [{ operation, status: 503, error: 'ServiceUnavailable' }] })
  t.equal(await codeOf(), 'SERVER_ERROR')
  endpoint.control({ faults: [{ operation, reset: 'before' }] })
  t.equal(await codeOf(), 'CONNECTION')
  endpoint.control({ faults: [{ operation, hang: true }] })
  t.equal(await codeOf(), 'TIMEOUT')
  endpoint.control({ faults: [] })
  t.equal(await codeOf(), 'none')
})

t.test('an endpoint where nobody listens is unavailable', async t => {
  const endpoint = await startRecordingEndpoint()
  await endpoint.close()
  const client = createDynamoDBClient({ ...OPTIONS, endpoint: endpoint.url })
  await t.rejects(client.send(new BatchWriteItemCommand({ RequestItems: {} })))
  const error: unknown = await client.send(new BatchWriteItemCommand({ RequestItems: {} })).catch((error: unknown) => error)
  t.equal(classifyError(error).code, 'UNAVAILABLE')
})

t.test('one call is one request: the SDK retries nothing', async t => {
  const endpoint = await startRecordingEndpoint()
  t.teardown(async () => { await endpoint.close() })
  endpoint.control({ faults: [{ operation: 'GetQueueUrl', status: 500, error: 'InternalFailure' }] })
  const client = createSqsClient({ ...OPTIONS, endpoint: endpoint.url })
  await t.rejects(client.send(new GetQueueUrlCommand({ QueueName: 'a.fifo' })))
  t.equal(endpoint.recorder.report(false).calls['GetQueueUrl'], 1)
})
