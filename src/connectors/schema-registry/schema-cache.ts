import { type Clock } from '../../engine/clock.js'
import { type RegistryClient } from './registry-client.js'
import { RegistryError } from './registry-error.js'

export interface SchemaCacheOptions {
  readonly client: Pick<RegistryClient, 'schemaOf'>
  readonly clock: Clock
  /** How long an id that the registry does not know stays unknown before it is asked for again. */
  readonly unknownTtlMs: number
  /** Schemas, and as many unknown ids, that are kept; the one that was not looked up for longest goes first. */
  readonly maxEntries?: number
}

/** What is known of an id: the text of its schema, that it is no schema of ours, or that the registry does not know it. */
export type SchemaEntry =
  | { readonly state: 'known', readonly text: string }
  | { readonly state: 'foreign' }
  | { readonly state: 'unknown', readonly since: number }

/**
 * Schemas by id, as the registry gives them. A schema never changes under its id, so what is known stays, whether the
 * registry is there or not. At most one look-up of an id is in flight; a failed one leaves nothing behind.
 */
export class SchemaCache {
  readonly #options: SchemaCacheOptions
  readonly #maxEntries: number
  readonly #entries = new Map<number, SchemaEntry>()
  readonly #unknown = new Map<number, SchemaEntry & { state: 'unknown' }>()
  readonly #inFlight = new Map<number, Promise<SchemaEntry>>()
  readonly #closing = new AbortController()

  constructor (options: SchemaCacheOptions) {
    this.#options = options
    this.#maxEntries = options.maxEntries ?? 1_000
  }

  /** What is known of the id, however old it is. */
  peek (id: number): SchemaEntry | undefined {
    return this.#entries.get(id) ?? this.#unknown.get(id)
  }

  /** True when the id need not be looked up. */
  has (id: number): boolean {
    if (this.#entries.has(id)) return true
    const unknown = this.#unknown.get(id)
    return unknown !== undefined && this.#options.clock.now() - unknown.since < this.#options.unknownTtlMs
  }

  /** Asks the registry for the id. Rejects with a `RegistryError` when it can not tell. */
  async lookUp (id: number): Promise<SchemaEntry> {
    let lookUp = this.#inFlight.get(id)
    if (lookUp === undefined) {
      lookUp = this.#ask(id).finally(() => { this.#inFlight.delete(id) })
      this.#inFlight.set(id, lookUp)
    }
    return await lookUp
  }

  /** Gives up what is in flight. */
  close (): void {
    this.#closing.abort()
  }

  async #ask (id: number): Promise<SchemaEntry> {
    try {
      const text = await this.#options.client.schemaOf(id, this.#closing.signal)
      this.#unknown.delete(id)
      return this.#keep(this.#entries, id, text === undefined ? { state: 'foreign' } : { state: 'known', text })
    } catch (error) {
      if (!(error instanceof RegistryError) || error.failure !== 'not-found') throw error
      return this.#keep(this.#unknown, id, { state: 'unknown', since: this.#options.clock.now() })
    }
  }

  #keep<E extends SchemaEntry> (entries: Map<number, E>, id: number, entry: E): E {
    entries.delete(id)
    entries.set(id, entry)
    if (entries.size > this.#maxEntries) entries.delete(entries.keys().next().value as number)
    return entry
  }
}
