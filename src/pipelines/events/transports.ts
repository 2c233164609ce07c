import { type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type SQSClient } from '@aws-sdk/client-sqs'
import { callDeadlineMs } from '../../connectors/aws/call-within.js'
import { chooseTransport, type ChosenTransport } from '../../connectors/aws/transport/choose-transport.js'
import { type BatchWriter } from '../../connectors/dynamodb/batch-writer.js'
import { SdkBatchWriter } from '../../connectors/dynamodb/sdk-batch-writer.js'
import { SignedBatchWriter } from '../../connectors/dynamodb/signed-batch-writer.js'
import { type BatchSender } from '../../connectors/sqs/batch-sender.js'
import { SdkBatchSender } from '../../connectors/sqs/sdk-batch-sender.js'
import { SignedBatchSender } from '../../connectors/sqs/signed-batch-sender.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { type Logger } from '../../service/logger.js'
import { RETRY_CALLS } from './pipeline.js'

/** What carries the batches. Calls wait for the choice, which is made from the clients' configuration in a few ms. */
export interface Transports {
  readonly writer: BatchWriter
  readonly sender: BatchSender
  destroy (): void
}

export function createTransports (config: EventsConfig, clients: { readonly dynamodb: DynamoDBClient, readonly sqs: SQSClient }, logger: Logger): Transports {
  const { dynamodb, sqs } = clients
  const callTimeoutMs = callDeadlineMs(config.aws)
  const limits = { connectTimeoutMs: config.aws.connectTimeoutMs, requestTimeoutMs: config.aws.requestTimeoutMs, callTimeoutMs }
  const sends = config.sqs.concurrency * config.events.clients.length + RETRY_CALLS

  const chosenWriter = chooseTransport(config.aws.transport, dynamodb.config)
  const chosenSender = chooseTransport(config.aws.transport, sqs.config)
  void Promise.all([chosenWriter, chosenSender]).then(([table, queues]) => { report(logger, { table, queues }) })

  const writer = chosenWriter.then(({ transport }) => transport === 'sdk'
    ? new SdkBatchWriter(dynamodb, callTimeoutMs)
    : new SignedBatchWriter(dynamodb, { ...limits, connections: config.dynamodb.concurrency }))
  const sender = chosenSender.then(({ transport }) => transport === 'sdk'
    ? new SdkBatchSender(sqs, callTimeoutMs)
    : new SignedBatchSender(sqs, { ...limits, connections: sends }))

  return {
    writer: { write: async (tableName, rows, signal) => await (await writer).write(tableName, rows, signal) },
    sender: { send: async (queueUrl, entries, signal) => await (await sender).send(queueUrl, entries, signal) },
    destroy () {
      void writer.then(writer => { if (writer instanceof SignedBatchWriter) writer.destroy() })
      void sender.then(sender => { if (sender instanceof SignedBatchSender) sender.destroy() })
    }
  }
}

function report (logger: Logger, chosen: Readonly<Record<'table' | 'queues', ChosenTransport>>): void {
  for (const [batches, { transport, reason }] of Object.entries(chosen)) {
    if (reason !== undefined) logger.info({ batches, reason }, 'batches are left to the AWS SDK, which takes more CPU')
    else logger.info({ batches, transport }, 'transport of batches')
  }
}
