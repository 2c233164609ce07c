import { type RegisteredSchema, type RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { type SchemaEntry } from '../../connectors/schema-registry/schema-cache.js'
import { backoffDelay, type Backoff } from '../../engine/backoff.js'
import { type Clock } from '../../engine/clock.js'
import { AppError } from '../../errors.js'
import { type RegistryHold } from './registry-hold.js'
import { parseOutputSchema, SchemaMismatch } from './schemas.js'

/** `auto` registers our schema, `check` wants it to be there, `off` takes what is there. */
export type SchemaRegistration = 'auto' | 'check' | 'off'

export interface OutputSchemasOptions {
  readonly client: Pick<RegistryClient, 'register' | 'find' | 'latest'>
  readonly registration: SchemaRegistration
  /** What we write, as JSON text. */
  readonly schema: string
  /** Of each destination, by its place. */
  readonly subjects: readonly string[]
  readonly hold: RegistryHold
  readonly clock: Clock
  readonly backoff: Backoff
}

/** The schemas that messages are written with. */
export interface OutputSchemas {
  /** Of each destination, by its place. */
  readonly ids: readonly number[]
  readonly schemas: ReadonlyMap<number, SchemaEntry>
}

export const NO_OUTPUT_SCHEMAS: OutputSchemas = { ids: [], schemas: new Map() }

/**
 * Finds the schema of each destination's messages in the registry. Waits while the registry is away or refuses our
 * credentials, and while a subject lacks what somebody else has to register. Rejects with what no time can mend: a schema
 * that the registry refuses for a subject, or one that our records do not fit.
 */
export async function findOutputSchemas (options: OutputSchemasOptions, signal: AbortSignal): Promise<OutputSchemas> {
  const bySubject = new Map<string, RegisteredSchema>()
  for (const subject of new Set(options.subjects)) bySubject.set(subject, await findPatiently(options, subject, signal))
  options.hold.answered()
  return {
    ids: options.subjects.map(subject => bySubject.get(subject)!.id),
    schemas: new Map([...bySubject.values()].map(({ id, schema }) => [id, { state: 'known', text: schema }]))
  }
}

async function findPatiently (options: OutputSchemasOptions, subject: string, signal: AbortSignal): Promise<RegisteredSchema> {
  for (let tries = 0; ; tries++) {
    try {
      return await find(options, subject, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof SchemaMismatch) throw new AppError('MISCONFIGURED', `the subject ${subject}: ${error.message}`, { cause: error })
      if (!(error instanceof RegistryError) || error.failure === 'incompatible') throw error
      options.hold.failed(error)
      await pause(options.clock, backoffDelay(options.backoff, tries), signal)
    }
  }
}

async function find ({ client, registration, schema }: OutputSchemasOptions, subject: string, signal: AbortSignal): Promise<RegisteredSchema> {
  switch (registration) {
    case 'auto': return { id: await client.register(subject, schema, signal), schema }
    case 'check': return { id: await client.find(subject, schema, signal), schema }
    case 'off': {
      const latest = await client.latest(subject, signal)
      parseOutputSchema(latest.schema)
      return latest
    }
  }
}

async function pause (clock: Clock, forMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = clock.setTimer(end, forMs)
    function end (): void {
      signal.removeEventListener('abort', end)
      timer.clear()
      resolve()
    }
    signal.addEventListener('abort', end)
  })
  signal.throwIfAborted()
}
