import { type ProduceSummary } from '../../generator/produce-records.js'
import { type StackEvent } from '../../stack/start-server.js'
import { type ServerName } from '../../stack/servers.js'

const SERVERS: Readonly<Record<ServerName, string>> = {
  kafka: 'Kafka', connect: 'Kafka Connect', dynamodb: 'DynamoDB Local', elasticmq: 'ElasticMQ', registry: 'Schema registry'
}
const NAME_WIDTH = 24

/** A line per step, as it is done. */
export class StepReport {
  #write: (text: string) => void

  constructor (write: (text: string) => void) {
    this.#write = write
  }

  /** Nothing more is said: what is still under way does not matter any more. */
  silence (): void {
    this.#write = () => {}
  }

  text (text: string): void {
    this.#write(text)
  }

  done (name: string, detail: string): void {
    this.#write(`  ✓ ${name.padEnd(NAME_WIDTH)} ${detail}\n`)
  }

  note (name: string, detail: string): void {
    this.#write(`  · ${name.padEnd(NAME_WIDTH)} ${detail}\n`)
  }

  failed (name: string, detail: string): void {
    this.#write(`  ✗ ${name.padEnd(NAME_WIDTH)} ${detail}\n`)
  }

  written (name: string, { acknowledged, valid, invalidByKind }: ProduceSummary): void {
    this.done(name, `${acknowledged} written: ${valid} valid, ${acknowledged - valid} invalid of ${invalidByKind.size} kinds`)
  }

  settled (records: number, elapsedMs: number): void {
    this.done('Settled', `${records} in ${(elapsedMs / 1_000).toFixed(1)} s`)
  }

  trickle ({ records, perSecond }: { readonly records: number, readonly perSecond: number }): void {
    this.done('Trickle', `${records} more at ${perSecond} a second, for the latency without a backlog`)
  }

  server ({ server, kind, message }: StackEvent): void {
    if (kind === 'ready') this.done(SERVERS[server], message)
    else if (kind === 'moved') this.note(SERVERS[server], message)
  }
}
