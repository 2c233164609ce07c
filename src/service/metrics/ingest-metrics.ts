import { type Series } from './histogram.js'
import { BoundedLabel, type MetricSet } from './metric-set.js'

/** From a request's head to its answer: mostly the acknowledgement of Kafka. */
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MAX_TENANTS = 200

/** What happens where events are accepted over HTTP. */
export class IngestMetrics {
  readonly #i: ReturnType<typeof createInstruments>
  readonly #seconds: Series
  readonly #tenant = new BoundedLabel(MAX_TENANTS)
  /** Since the last scrape: to find the counter of a label costs more than the rest of a request's figures. */
  readonly #requests = new Map<number, number>()
  readonly #events = new Map<string, number>()

  constructor (set: MetricSet) {
    this.#i = createInstruments(set)
    this.#seconds = this.#i.seconds.series()
  }

  answered (status: number, durationMs: number): void {
    this.#requests.set(status, (this.#requests.get(status) ?? 0) + 1)
    this.#seconds.observe(durationMs / 1000)
  }

  accepted (tenant: string, events: number): void {
    this.#events.set(tenant, (this.#events.get(tenant) ?? 0) + events)
  }

  /** Called before each scrape. */
  collect (): void {
    for (const [status, requests] of this.#requests) this.#i.requests.inc({ status }, requests)
    for (const [tenant, events] of this.#events) this.#i.events.inc({ tenant: this.#tenant.of(tenant) }, events)
    this.#requests.clear()
    this.#events.clear()
  }

  pending ({ events, bytes }: { readonly events: number, readonly bytes: number }): void {
    this.#i.pendingEvents.set(events)
    this.#i.pendingBytes.set(bytes)
  }
}

function createInstruments (set: MetricSet) {
  return {
    requests: set.counter('ingest_requests_total', 'Answers to requests of clients, by HTTP status.', ['status']),
    seconds: set.histogram('ingest_request_seconds', 'From a request to its answer.', REQUEST_SECONDS),
    events: set.counter('ingest_events_total', 'Events that were accepted: all replicas have them.', ['tenant']),
    pendingEvents: set.gauge('ingest_pending_events', 'Events handed to the Kafka client and not acknowledged.'),
    pendingBytes: set.gauge('ingest_pending_bytes', 'Their bytes.')
  }
}
