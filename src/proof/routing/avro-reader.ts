import avsc, { type Type } from 'avsc'
import { AppError } from '../../errors.js'

/** Schemas by the ids that the registry gave them. */
export type SchemasById = ReadonlyMap<number, Type>

const HEADER_BYTES = 5

/** Every version of some subjects of a schema registry. */
export async function readSubjects (registryUrl: string, subjects: Iterable<string>): Promise<SchemasById> {
  const types = new Map<number, Type>()
  for (const subject of new Set(subjects)) {
    const versions = `${registryUrl}/subjects/${encodeURIComponent(subject)}/versions`
    for (const version of await getJson(versions) as number[]) {
      const { id, schema } = await getJson(`${versions}/${version}`) as { id: number, schema: string }
      types.set(id, avsc.Type.forSchema(JSON.parse(schema)))
    }
  }
  return types
}

/** Decodes a value behind Confluent's header; undefined when it is none, or not of one of these schemas. */
export function readAvro (schemas: SchemasById, value: Buffer | null): Readonly<Record<string, unknown>> | undefined {
  if (value === null || value.length < HEADER_BYTES || value[0] !== 0) return undefined
  try {
    return schemas.get(value.readInt32BE(1))?.fromBuffer(value.subarray(HEADER_BYTES)) as Readonly<Record<string, unknown>> | undefined
  } catch {
    return undefined
  }
}

async function getJson (url: string): Promise<unknown> {
  const response = await fetch(url)
  if (!response.ok) throw new AppError('UNAVAILABLE', `${url} answers ${response.status}: ${(await response.text()).slice(0, 200)}`)
  return await response.json()
}
