import t from 'tap'
import { type SQSClient } from '@aws-sdk/client-sqs'
import { QueueDirectory } from '../../../../src/connectors/sqs/queue-directory.js'
import { fakeClient } from '../flights.js'

const NEVER = new AbortController().signal

function directoryOf (url: string, arn: string | undefined): QueueDirectory {
  return new QueueDirectory({
    client: fakeClient<SQSClient>(async () => ({ Attributes: { FifoQueue: 'true', MaximumMessageSize: '1024', ...arn === undefined ? {} : { QueueArn: arn } } })),
    callTimeoutMs: 1_000,
    addresses: new Map([['Client_A', { url }]])
  })
}

t.test('a queue whose URL is of another region than the calls is refused, though a queue of its name is there', async t => {
  const arn = 'arn:aws:sqs:eu-west-1:123456789012:Client_A.fifo'
  for (const host of ['sqs.us-east-1.amazonaws.com', 'us-east-1.queue.amazonaws.com']) {
    const url = `https://${host}/123456789012/Client_A.fifo`
    await t.rejects(directoryOf(url, arn).lookUp('Client_A', NEVER), { code: 'MISCONFIGURED', message: /us-east-1.*eu-west-1/ }, host)
    t.match(await directoryOf(url, arn).resolve(NEVER), [{ key: 'Client_A', error: { code: 'MISCONFIGURED' } }])
  }
})

t.test('a queue of the right region, and one of a server that is no AWS, is taken', async t => {
  for (const [url, arn] of [
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/Client_A.fifo', 'arn:aws:sqs:eu-west-1:123456789012:Client_A.fifo'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/Client_A.fifo', 'arn:aws-cn:sqs:cn-north-1:123456789012:Client_A.fifo'],
    ['http://127.0.0.1:9324/000000000000/Client_A.fifo', 'arn:aws:sqs:elasticmq:000000000000:Client_A.fifo'],
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/Client_A.fifo', undefined]
  ] as const) t.strictSame(await directoryOf(url, arn).lookUp('Client_A', NEVER), { url, maximumMessageSize: 1_024 })
})
