/**
 * The floor of the routing pipeline: `node relay.js <target topic>` reads a topic and produces what it reads, byte for
 * byte, with the same clients and the same settings as the service, which come from the same variables. It counts the
 * delivery reports and drops them: it decodes nothing, orders nothing and commits nothing.
 */
import rdkafka, { type LibrdKafkaError, type Message } from 'node-rdkafka'
import { consumerConfig, producerConfig } from '../../src/connectors/kafka/client-config.js'
import { loadConfig } from '../../src/service/config/load-config.js'

const POLL_MS = 1
const [target = ''] = process.argv.slice(2)
const { config: { kafka, producer: producing, routing, flow } } = loadConfig(process.env, 'routing')
const reading = consumerConfig(kafka)
const consumer = new rdkafka.KafkaConsumer({ ...reading.global, 'enable.partition.eof': false }, reading.topic)
const writing = producerConfig({ ...kafka, ...producing })
const producer = new rdkafka.Producer({ ...writing.global, dr_cb: true }, writing.topic)
let unreported = 0

producer.on('delivery-report', error => {
  if (error !== null && error !== undefined) throw new Error(error.message)
  unreported--
})
consumer.setDefaultConsumeTimeout(POLL_MS)
consumer.on('ready', () => {
  consumer.subscribe([routing.topic])
  consume()
})
producer.on('ready', () => {
  producer.setPollInterval(POLL_MS)
  consumer.connect()
})
producer.connect()
process.on('SIGTERM', () => { process.exit(0) })

function consume (): void {
  consumer.consume(flow.chunkRecords, (error, messages) => {
    const read = error === null || error === undefined ? messages : []
    for (const message of read) relay(message)
    continueReading()
  })
}

/** As many are on their way as the service has. */
function continueReading (): void {
  if (unreported < flow.maxInFlightRecords) setImmediate(consume)
  else setTimeout(continueReading, POLL_MS)
}

function relay ({ key, value, headers }: Message): void {
  try {
    producer.produce(target, null, value, key, null, undefined, headers ?? [])
    unreported++
  } catch (error) {
    throw new Error(`more than the producer's queue holds: ${(error as LibrdKafkaError).message}`)
  }
}
