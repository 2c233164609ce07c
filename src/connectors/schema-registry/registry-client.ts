import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { describeError } from '../../errors.js'
import { errorOfAnswer, RegistryError } from './registry-error.js'

export interface RegistryOptions {
  /** With the path, if the registry has one. */
  readonly url: string
  /** Basic authentication. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Bearer token, in place of the two. */
  readonly token?: string | undefined
  /** File with the certificates of the authorities to trust (PEM); without it those of Node.js. */
  readonly caLocation?: string | undefined
  /** For a whole call. */
  readonly timeoutMs: number
}

/** A schema as the registry has it. */
export interface RegisteredSchema {
  readonly id: number
  readonly schema: string
}

/**
 * A client of a schema registry with Confluent's REST interface, for Avro schemas. Every call makes one attempt and
 * rejects with a `RegistryError`. It holds no more than a few connections, and follows no redirect.
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export class RegistryClient {
  readonly #pool: Pool
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number

  /** Throws when the file of `caLocation` can not be read. */
  constructor ({ url, caLocation, timeoutMs, ...credentials }: RegistryOptions) {
    const { origin, pathname } = new URL(url)
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS,
      maxResponseSize: MAX_ANSWER_BYTES,
      connect: { timeout: timeoutMs, ...(caLocation === undefined ? {} : { ca: readFileSync(caLocation) }) }
    })
    this.#path = pathname.replace(/\/+$/, '')
    this.#headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE, ...authorization(credentials) }
    this.#timeoutMs = timeoutMs
  }

  /** The text of the schema with this id; `undefined` when it is not an Avro schema, or not one that stands alone. */
  async schemaOf (id: number, signal?: AbortSignal): Promise<string | undefined> {
    const answer = await this.#call('GET', `/schemas/ids/${id}`, undefined, signal)
    const { schema, schemaType = 'AVRO', references } = answer
    if (typeof schema !== 'string') throw noRegistry('the answer has no schema')
    if (schemaType !== 'AVRO' || !isNone(references)) return undefined
    // It would be kept for good, and every record with its id rejected.
    if (!isJson(schema)) throw noRegistry('the schema is no JSON')
    return schema
  }

  /** Registers a schema, or finds that it is there. */
  async register (subject: string, schema: string, signal?: AbortSignal): Promise<number> {
    return idIn(await this.#call('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema }, signal))
  }

  /** The id of a schema that is one of a subject's versions. */
  async find (subject: string, schema: string, signal?: AbortSignal): Promise<number> {
    return idIn(await this.#call('POST', `/subjects/${encodeURIComponent(subject)}`, { schema }, signal))
  }

  /** The newest version of a subject. */
  async latest (subject: string, signal?: AbortSignal): Promise<RegisteredSchema> {
    const answer = await this.#call('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`, undefined, signal)
    if (typeof answer.schema !== 'string') throw noRegistry('the answer has no schema')
    return { id: idIn(answer), schema: answer.schema }
  }

  /** Whether a subject would take a schema as its next version. */
  async isCompatible (subject: string, schema: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#call('POST', `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest`, { schema }, signal)
    if (typeof answer.is_compatible !== 'boolean') throw noRegistry('the answer does not say whether it is compatible')
    return answer.is_compatible
  }

  /** Ends its connections; calls that are in flight are rejected. */
  async close (): Promise<void> {
    await this.#pool.destroy()
  }

  async #call (method: 'GET' | 'POST', path: string, body: object | undefined, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const call = `${method} ${path}`
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    let status, text
    try {
      const answer = await this.#pool.request({
        method,
        path: this.#path + path,
        headers: this.#headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout])
      })
      status = answer.statusCode
      text = await answer.body.text()
    } catch (error) {
      throw new RegistryError('away', 'UNAVAILABLE', `${call}: ${timeout.aborted ? `no answer within ${this.#timeoutMs} ms` : describeError(error)}`, { cause: error })
    }
    const parsed = parseJson(text)
    if (status !== 200) throw errorOfAnswer(call, status, parsed)
    if (typeof parsed !== 'object' || parsed === null) throw noRegistry(`${call}: the answer is no JSON object`)
    return parsed as Readonly<Record<string, unknown>>
  }
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'
const CONNECTIONS = 4
/** Far more than any schema; what is longer is no answer of a registry. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

function authorization ({ username, password, token }: Pick<RegistryOptions, 'username' | 'password' | 'token'>): { authorization?: string } {
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function idIn ({ id }: Readonly<Record<string, unknown>>): number {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) throw noRegistry('the answer has no id')
  return id
}

function isNone (references: unknown): boolean {
  return references === undefined || references === null || (Array.isArray(references) && references.length === 0)
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function noRegistry (detail: string): RegistryError {
  return new RegistryError('away', 'MISCONFIGURED', detail)
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
