import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { deduplicationIdOf, messageBodyOf } from '../src/pipelines/events/event.js'
import { compileExamine } from '../src/pipelines/events/examine.js'
import { compileSchema } from '../src/validation/json-schema.js'
import { parseJson } from '../src/validation/parse-json.js'
import { checkKeys, checkShape } from '../src/validation/precheck.js'
import { type Step, measureSteps } from './measure-steps.js'
import { type Scope } from './scope.js'

const RECORDS = 20_000
const LIMITS = { maxBytes: 1_048_576, maxDepth: 64, maxKeys: 10_000 }

export const scope: Scope = {
  summary: 'what the examination of one event costs, step by step',
  runs: 9,
  async measure ({ runs }, progress) {
    return { variants: await measureSteps(createSteps(), { runs, progress }) }
  }
}

function createSteps (): Record<string, Step> {
  const schema: unknown = JSON.parse(readFileSync(new URL('../../resource/schema.json', import.meta.url), 'utf8'))
  const examine = compileExamine({ schema, schemaSource: 'resource/schema.json', limits: LIMITS })
  const check = compileSchema(schema, 'resource/schema.json')
  const values = Array.from({ length: RECORDS }, (_, index) => Buffer.from(JSON.stringify({
    uid: `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`,
    context: 'autorizador de transações',
    event_type: 'DELETE',
    client: 'Client_B',
    created_at: '2024-09-10T04:17:09.0247241-03:00'
  })))
  const texts = values.map(value => value.toString())
  const parsed = texts.map(text => JSON.parse(text) as Record<string, string>)
  return {
    'do nothing': eachRecord(index => values[index]!.length),
    isUtf8: eachRecord(index => isUtf8(values[index]!)),
    'depth and keys': eachRecord(index => checkShape(values[index]!, LIMITS)),
    'decode to a string': eachRecord(index => values[index]!.toString()),
    'JSON.parse': eachRecord(index => JSON.parse(texts[index]!)),
    'duplicate and forbidden keys': eachRecord(index => checkKeys(parsed[index], 5)),
    'all of these': eachRecord(index => parseJson(values[index]!, LIMITS)),
    'schema (ajv)': eachRecord(index => check(parsed[index])),
    'characters SQS refuses': eachRecord(index => messageBodyOf(values[index]!)),
    'deduplication id': eachRecord(index => deduplicationIdOf(values[index]!)),
    'examine, as a whole': eachRecord(index => examine(values[index]!))
  }
}

/** What the steps returned last: keeps the compiler from leaving them out. */
export let kept: unknown

function eachRecord (step: (index: number) => unknown): Step {
  return () => {
    for (let index = 0; index < RECORDS; index++) kept = step(index)
    return RECORDS
  }
}
