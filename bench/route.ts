import { type RoutingGeneratorOptions, generateRoutingRecord } from '../src/generator/routing/routing-generator.js'
import { InputReader } from '../src/pipelines/routing/input-reader.js'
import { createOutputSchema, MessageWriter } from '../src/pipelines/routing/message-writer.js'
import { ROUTING_SCHEMAS } from '../src/pipelines/routing/routing-schemas.js'
import { routesOf, destinationKey } from '../src/pipelines/routing/routing-rule.js'
import { parseOutputSchema, parseRecordSchema } from '../src/pipelines/routing/schemas.js'
import { headerOf } from '../src/connectors/schema-registry/wire-format.js'
import { type Poison } from '../src/engine/outcome.js'
import { measureSteps } from './measure-steps.js'
import { type Scope } from './scope.js'

const RECORDS = 500
const REPEATS = 40
const DESTINATIONS = ['FINANCE', 'marketing', 'Logistics']
const PROCESSOR_ID = 'event-processor-1'
const SCHEMA_IDS = { input: 1, fanOutInput: 2, output: 3 }

export const scope: Scope = {
  summary: 'what one record of the routing pipeline costs from its bytes to its message',
  details: 'Records with one destination. Doing nothing looks at their length.',
  runs: 9,
  async measure ({ runs }, progress) {
    const values = Array.from({ length: RECORDS }, (_, index) => generateRoutingRecord(GENERATED, index).value ?? Buffer.alloc(0))
    const reader = parseRecordSchema(ROUTING_SCHEMAS.fanOutInput)
    const input = new InputReader(ROUTING_SCHEMAS.input, reader)
    const output = createOutputSchema(headerOf(SCHEMA_IDS.output), parseOutputSchema(ROUTING_SCHEMAS.output))
    const places = new Map(DESTINATIONS.map((name, place) => [destinationKey(name), place]))
    const writer = new MessageWriter()
    const eachRecord = (step: (value: Buffer) => unknown) => () => {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        writer.begin({ processor_service_id: PROCESSOR_ID, processor_event_timestamp: repeat })
        for (const value of values) kept = step(value)
      }
      return REPEATS * RECORDS
    }
    return {
      variants: await measureSteps({
        'do nothing': eachRecord(value => value.length),
        'check it': eachRecord(value => { input.read(value) }),
        'check it, decode, encode': eachRecord(value => {
          input.read(value)
          const record = input.decode()
          const routes = routesOf(record, places)
          if ('class' in routes) throw new Error((routes satisfies Poison).code)
          for (const { name } of routes) {
            writer.write(output, {
              producer_service_id: record.origin_service_id,
              processor_service_id: PROCESSOR_ID,
              destination_type: name,
              producer_event_timestamp: record.event_timestamp,
              processor_event_timestamp: 0,
              payload: record.payload
            })
          }
        }),
        'check it, take its fields over': eachRecord(value => {
          input.read(value)
          if (!input.holdsMessage || output.sources === undefined) throw new Error('the record is not of the common kind')
          kept = places.get(destinationKey(input.destination))
          writer.copy(output, output.sources, value, input)
        })
      }, { runs, progress })
    }
  }
}

const GENERATED: RoutingGeneratorOptions = {
  seed: 1,
  originServiceType: 'financial',
  originServiceIds: Array.from({ length: 300 }, (_, index) => String(index)),
  destinations: DESTINATIONS,
  fanOutShare: 0,
  invalidShare: 0,
  kinds: [],
  schemas: SCHEMA_IDS,
  now: Date.now
}

/** What the steps returned last: keeps the compiler from leaving them out. */
export let kept: unknown
