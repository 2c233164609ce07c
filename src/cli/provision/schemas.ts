import { type RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { describeError } from '../../errors.js'
import { type Step } from './step.js'

/** A schema that is to be one of its subject's versions. */
export interface SchemaPlan {
  readonly subject: string
  /** For people. */
  readonly what: string
  /** JSON text. */
  readonly schema: string
}

/** Registers what is missing, in this order: a later version has to be compatible with an earlier one. */
export async function registerSchemas (client: RegistryClient, plans: readonly SchemaPlan[]): Promise<Step[]> {
  const steps: Step[] = []
  for (const plan of plans) steps.push(await registerSchema(client, plan))
  return steps
}

async function registerSchema (client: RegistryClient, { subject, what, schema }: SchemaPlan): Promise<Step> {
  const step = { kind: 'schema', name: subject } as const
  try {
    const present = await client.find(subject, schema).catch((error: unknown) => {
      if (error instanceof RegistryError && error.failure === 'not-found') return undefined
      throw error
    })
    if (present !== undefined) return { ...step, result: 'existed', detail: `${what}, id ${present}` }
    return { ...step, result: 'created', detail: `${what}, id ${await client.register(subject, schema)}` }
  } catch (error) {
    const isRefused = error instanceof RegistryError && error.failure === 'incompatible'
    return { ...step, result: isRefused ? 'differs' : 'failed', detail: `${what}: ${describeError(error)}` }
  }
}
