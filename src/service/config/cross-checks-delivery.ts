import { type Findings, limitProblems } from './cross-checks.js'
import { type DeliveryConfig } from './load-config.js'
import { isLoopback } from './loopback.js'

/** What no knob can tell alone, in the delivery pipeline. */
export function crossCheckDelivery (config: DeliveryConfig): Findings {
  const { ingest, producer } = config
  return {
    problems: [
      ...limitProblems([
        ['KAFKA_PRODUCER_BATCH_BYTES', producer.batchBytes, 'KAFKA_PRODUCER_QUEUE_KBYTES', producer.queueKbytes * 1024, 'a batch is put together in the queue'],
        ['INGEST_MAX_PENDING_BYTES', ingest.maxPendingBytes, 'KAFKA_PRODUCER_QUEUE_KBYTES', producer.queueKbytes * 1024, 'what is pending waits in the queue']
      ]),
      ...destinationProblems(config),
      ...ingestProblems(config)
    ],
    warnings: tenantWarnings(config)
  }
}

function destinationProblems ({ delivery }: DeliveryConfig): string[] {
  const { destinations, subset, parts, topic } = delivery
  if (parts === 'ingest') return []
  if (destinations.length === 0) return ['DELIVERY_DESTINATIONS_FILE: is not set, and neither is DELIVERY_DESTINATIONS_JSON; for example DELIVERY_DESTINATIONS_FILE=./destinations.json, or DELIVERY_PARTS=ingest to accept events alone']
  const names = destinations.map(({ name }) => name)
  return [
    ...subset.filter(name => !names.includes(name)).map(name => `DELIVERY_DESTINATIONS: there is no destination ${JSON.stringify(name)}; for example DELIVERY_DESTINATIONS=${names.join(',')}`),
    ...destinations.filter(({ deadLetterTopic }) => deadLetterTopic === topic).map(({ name }) =>
      `DELIVERY_DESTINATIONS_JSON: the deadLetterTopic of destination ${JSON.stringify(name)} is the topic of the events; for example "deadLetterTopic":"${name}.dead-letters"`)
  ]
}

/** Whoever can reach it may send as anybody. */
function ingestProblems ({ delivery, ingest, process }: DeliveryConfig): string[] {
  if (delivery.parts === 'destinations') return []
  const problems: string[] = []
  if (ingest.tenants.length === 0 && !isLoopback(ingest.host.includes(':') ? `[${ingest.host}]` : ingest.host)) {
    problems.push(`INGEST_KEYS: is not set, but INGEST_HOST=${ingest.host} can be reached from elsewhere; for example INGEST_KEYS_FILE=/run/secrets/ingest_keys, or INGEST_HOST=127.0.0.1`)
  }
  if (ingest.port !== 0 && ingest.port + process.processes - 1 > 65_535) {
    problems.push(`INGEST_PORT: process i uses INGEST_PORT + i, and ${process.processes} processes do not fit below 65535; for example INGEST_PORT=8080`)
  }
  return problems
}

function tenantWarnings ({ delivery, ingest }: DeliveryConfig): string[] {
  if (delivery.parts !== 'all') return []
  const known = ingest.tenants.length === 0 ? ['default'] : ingest.tenants.map(({ name }) => name)
  return delivery.destinations.flatMap(({ name, tenants = [] }) => {
    const strangers = tenants.filter(tenant => !known.includes(tenant))
    return strangers.length === 0 ? [] : [`destination ${name} is for ${strangers.join(', ')}, of whom INGEST_KEYS knows nothing`]
  })
}
