/**
 * The floor of every consumer: `node drop.js <brokers> <topic> <events> <records per call>` reads a topic with the same
 * client as the service and drops what it reads.
 */
import rdkafka from 'node-rdkafka'
import { consumerConfig } from '../../src/connectors/kafka/client-config.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { Meter } from './meter.js'

const [brokers = '', topic = '', wanted = '0', recordsPerCall = '500'] = process.argv.slice(2)
const { config } = loadConfig({ ...process.env, KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: `bench-drop-${process.pid}` }, 'events')
const properties = consumerConfig(config.kafka)
const consumer = new rdkafka.KafkaConsumer({ ...properties.global, 'enable.partition.eof': false }, properties.topic)
const meter = new Meter(Number(wanted))
consumer.setDefaultConsumeTimeout(1)
consumer.on('ready', () => {
  consumer.subscribe([topic])
  consume()
})
consumer.connect()

function consume (): void {
  consumer.consume(Number(recordsPerCall), (error, messages) => {
    const records = error === null || error === undefined ? messages.length : 0
    if (meter.count(records)) consumer.disconnect(() => { process.exit(0) })
    else setImmediate(consume)
  })
}
