import { RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { describeError } from '../../errors.js'
import { ROUTING_SCHEMAS } from '../../pipelines/routing/routing-schemas.js'
import { type RoutingConfig } from '../../service/config/load-config.js'
import { valueSubject } from '../value-subject.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

const CREATE = 'penstock create --pipeline routing'

/** Whether the registry answers, and holds or takes the schemas. */
export async function checkRegistry (config: RoutingConfig): Promise<CheckResult[]> {
  const client = new RegistryClient(config.registry)
  try {
    const subjects = [...new Set(config.routing.destinations.map(({ outputSubject }) => outputSubject))]
    const inputs = await checkInput(client, valueSubject(config.routing.topic))
    const outputs = await Promise.all(subjects.map(subject => checkOutput(client, subject, config.registry.registration)))
    return [passed('schema registry', config.registry.url), inputs, ...outputs]
  } catch (error) {
    return [failed('schema registry', describeError(error), remedyFor(error))]
  } finally {
    await client.close()
  }
}

/** Producers register what they write: it need not be ours. */
async function checkInput (client: RegistryClient, subject: string): Promise<CheckResult> {
  const latest = await unlessMissing(client.latest(subject))
  return latest === undefined
    ? note(`subject ${subject}`, 'has no schema yet; a producer may register one', CREATE)
    : passed(`subject ${subject}`, `latest schema: id ${latest.id}`)
}

async function checkOutput (client: RegistryClient, subject: string, registration: RoutingConfig['registry']['registration']): Promise<CheckResult> {
  const name = `subject ${subject}`
  if (registration === 'off') {
    const latest = await unlessMissing(client.latest(subject))
    return latest === undefined ? failed(name, 'has no schema', CREATE) : passed(name, `latest schema, which will be written: id ${latest.id}`)
  }
  const id = await unlessMissing(client.find(subject, ROUTING_SCHEMAS.output))
  if (id !== undefined) return passed(name, `has our schema: id ${id}`)
  if (registration === 'check') return failed(name, 'does not have our schema, and SCHEMA_REGISTRATION is check', CREATE)
  return await unlessMissing(client.isCompatible(subject, ROUTING_SCHEMAS.output)) === false
    ? failed(name, 'has a version that our schema is not compatible with', 'give the destination another output_subject, or set SCHEMA_REGISTRATION=off')
    : passed(name, 'takes our schema; run registers it')
}

async function unlessMissing<T> (answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RegistryError && error.failure === 'not-found') return undefined
    throw error
  }
}

function remedyFor (error: unknown): string {
  return error instanceof RegistryError && error.failure === 'credentials'
    ? 'look at SCHEMA_REGISTRY_USERNAME and _PASSWORD, or SCHEMA_REGISTRY_TOKEN'
    : 'compare SCHEMA_REGISTRY_URL, its path too, with the registry'
}
