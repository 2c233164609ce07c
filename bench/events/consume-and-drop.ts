/**
 * The floor of every consumer: `node consume-and-drop.js <brokers> <topic> <events>` reads a topic with the same client
 * in the same way and drops what it reads. Prints one JSON line with what that cost, start-up left out.
 */
import rdkafka from 'node-rdkafka'

const [brokers = '', topic = '', wanted = '0'] = process.argv.slice(2)
const WARM_UP_SHARE = 0.1
const RECORDS_A_CALL = 500

const consumer = new rdkafka.KafkaConsumer({
  'metadata.broker.list': brokers,
  'group.id': `bench-drop-${process.pid}`,
  'enable.auto.commit': false,
  'queued.min.messages': 50_000,
  'queued.max.messages.kbytes': 16_384,
  'fetch.queue.backoff.ms': 1
}, { 'auto.offset.reset': 'earliest' })
consumer.setDefaultConsumeTimeout(1)
consumer.on('ready', () => {
  consumer.subscribe([topic])
  consume()
})
consumer.connect()

const warmUp = Number(wanted) * WARM_UP_SHARE
let seen = 0
let start: { seen: number, at: number, cpu: NodeJS.CpuUsage } | undefined

function consume (): void {
  consumer.consume(RECORDS_A_CALL, (error, messages) => {
    if (error === null || error === undefined) seen += messages.length
    if (start === undefined && seen >= warmUp) start = { seen, at: performance.now(), cpu: process.cpuUsage() }
    if (seen < Number(wanted)) {
      setImmediate(consume)
      return
    }
    const events = seen - (start?.seen ?? 0)
    const cpu = process.cpuUsage(start?.cpu)
    const seconds = (performance.now() - (start?.at ?? 0)) / 1000
    process.stdout.write(`${JSON.stringify({ eventsPerSecond: events / seconds, cpuMicrosPerEvent: (cpu.user + cpu.system) / events })}\n`)
    consumer.disconnect(() => { process.exit(0) })
  })
}
