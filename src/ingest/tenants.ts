import { createHash, timingSafeEqual } from 'node:crypto'
import { type Clock } from '../engine/clock.js'
import { type IngestTenant } from '../service/config/ingest-keys.js'
import { TokenBucket } from './token-bucket.js'

export interface Tenant extends Pick<IngestTenant, 'name' | 'disabled' | 'maxEventBytes'> {
  readonly rate: TokenBucket | undefined
}

/** The tenant of everybody while no API keys are configured. */
export const DEFAULT_TENANT = 'default'

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i
/** Hexadecimal digits of a hash by which it is looked up. Nobody can choose them, so their timing tells nothing. */
const LOOKUP_DIGITS = 16
const NO_HASH = Buffer.alloc(32)

/** Finds the tenant that a request speaks for, by its API key alone. */
export class Tenants {
  readonly #byHash = new Map<string, Array<{ readonly hash: Buffer, readonly tenant: Tenant }>>()
  readonly #everybody: Tenant | undefined

  /** Without any tenant there are no keys, and everybody is `default`. */
  constructor (settings: readonly IngestTenant[], clock: Clock) {
    this.#everybody = settings.length === 0 ? { name: DEFAULT_TENANT, disabled: false, rate: undefined, maxEventBytes: undefined } : undefined
    for (const { name, disabled, maxEventBytes, keyHashes, eventsPerSecond } of settings) {
      const tenant = { name, disabled, maxEventBytes, rate: eventsPerSecond === undefined ? undefined : new TokenBucket(eventsPerSecond, clock) }
      for (const hash of keyHashes) this.#add(hash.toLowerCase(), tenant)
    }
  }

  get needKeys (): boolean {
    return this.#everybody === undefined
  }

  /** By the header `Authorization: Bearer <key>`; `undefined` when it names no known key. */
  of (authorization: string | undefined): Tenant | undefined {
    if (this.#everybody !== undefined) return this.#everybody
    const key = BEARER.exec(authorization ?? '')?.[1]
    if (key === undefined) return undefined
    const hash = createHash('sha256').update(key).digest()
    const candidates = this.#byHash.get(hash.toString('hex').slice(0, LOOKUP_DIGITS)) ?? [{ hash: NO_HASH, tenant: undefined }]
    return candidates.find(candidate => timingSafeEqual(candidate.hash, hash))?.tenant
  }

  #add (hash: string, tenant: Tenant): void {
    const digits = hash.slice(0, LOOKUP_DIGITS)
    this.#byHash.set(digits, [...this.#byHash.get(digits) ?? [], { hash: Buffer.from(hash, 'hex'), tenant }])
  }
}
