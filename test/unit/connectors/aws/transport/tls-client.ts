/** A process that writes to the endpoint in its argument, twice by each transport, and prints what came of it. */
import { classifyError } from '../../../../../src/connectors/aws/classify-error.js'
import { createDynamoDBClient } from '../../../../../src/connectors/aws/clients.js'
import { encodeRow } from '../../../../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { SignedBatchWriter } from '../../../../../src/connectors/dynamodb/signed-batch-writer.js'

const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000 }
const client = createDynamoDBClient({ ...TIMEOUTS, region: 'eu-west-1', endpoint: process.argv[2], maxSockets: 1 })
const signed = new SignedBatchWriter(client, { ...TIMEOUTS, callTimeoutMs: 4_000, connections: 1 })
const sdk = new SdkBatchWriter(client, 4_000)
const { signal } = new AbortController()

const outcomes: Record<string, string[]> = {}
for (const [name, writer] of Object.entries({ signed, sdk })) {
  const write = async () => await writer.write('events', [encodeRow('a', { UUID: { S: 'a' } })], signal).then(() => 'done', (error: unknown) => classifyError(error).code)
  outcomes[name] = [await write(), await write()]
}
process.stdout.write(JSON.stringify(outcomes))
process.exit()
