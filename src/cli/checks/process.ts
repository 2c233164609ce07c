import { readFileSync } from 'node:fs'
import { absentFeatures, clientFeatures, clientVersion, missingFeatures } from '../../connectors/kafka/features.js'
import { describeError, UsageError } from '../../errors.js'
import { type PipelineConfig } from '../../service/config/load-config.js'
import { compileSchema } from '../../validation/json-schema.js'
import { runFlags, runVariables } from '../run-flags.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

/** What can be said without asking anybody: the runtime, the Kafka client's build. */
export function checkProcess (config: PipelineConfig): CheckResult[] {
  return [...checkRuntime(config), ...checkFeatures(config)]
}

/** Whether the schema file can be honoured. */
export function checkEventSchema (path: string): CheckResult {
  try {
    compileSchema(JSON.parse(readFileSync(path, 'utf8')), path)
    return passed('event schema', path)
  } catch (error) {
    const detail = error instanceof UsageError ? error.message.replaceAll('\n  - ', '; ') : `${path}: ${describeError(error)}`
    return failed('event schema', detail, 'set EVENTS_SCHEMA to a JSON Schema that can be honoured')
  }
}

function checkRuntime (config: PipelineConfig): CheckResult[] {
  return [
    note('Node.js', `${process.version}, ${process.arch}; in force here: ${['UV_THREADPOOL_SIZE=' + (process.env.UV_THREADPOOL_SIZE ?? '4 (default)'), ...process.execArgv].join(' ')}`),
    note('run starts Node with', [`UV_THREADPOOL_SIZE=${config.process.threadPoolSize}`, ...Object.entries(runVariables(config)).map(pair => pair.join('=')), ...runFlags()].join(' ')),
    note('librdkafka', `${clientVersion}; ${clientFeatures.join(' ')}`)
  ]
}

function checkFeatures (config: PipelineConfig): CheckResult[] {
  const missing = missingFeatures(config.kafka)
  const absent = absentFeatures().filter(({ feature }) => !missing.some(needed => needed.feature === feature))
  return [
    ...missing.map(({ feature, neededFor, remedy }) => failed(`feature ${feature}`, `not in this build, but ${neededFor} needs it`, remedy)),
    ...absent.map(({ feature, remedy }) => note(`feature ${feature}`, 'not in this build; topics that need it can not be read', remedy))
  ]
}
