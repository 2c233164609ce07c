import { formatTable } from '../../format-table.js'

/** What a destination's metrics say. */
export interface DestinationState {
  readonly delivered: number
  readonly retried: number
  readonly dead: number
  readonly lagRecords: number
  readonly held: boolean
}

const NOTHING: DestinationState = { delivered: 0, retried: 0, dead: 0, lagRecords: 0, held: false }

const SAMPLE = /^penstock_delivery_(\w+)\{destination="([^"]+)"[^}]*\} ([\d.e+-]+)$/gm

/** By destination, from the text of /metrics. */
export function readStates (metrics: string): Map<string, DestinationState> {
  const states = new Map<string, DestinationState>()
  for (const [, metric = '', destination = '', text] of metrics.matchAll(SAMPLE)) {
    const state = states.get(destination) ?? NOTHING
    const value = Number(text)
    states.set(destination, { ...state, ...change(state, metric, value) })
  }
  return states
}

function change (state: DestinationState, metric: string, value: number): Partial<DestinationState> {
  switch (metric) {
    case 'delivered_total': return { delivered: value }
    case 'retried_total': return { retried: value }
    case 'dead_letters_total': return { dead: state.dead + value } // one a reason
    case 'lag_records': return { lagRecords: value }
    case 'held': return { held: value > 0 }
    default: return {}
  }
}

/** A table of all destinations that is drawn over itself on a terminal; elsewhere only its last state is written. */
export class LiveTable {
  readonly #names: ReadonlyArray<readonly [name: string, what: string]>
  readonly #terminal: boolean
  readonly #write: (text: string) => void
  #drawn = 0
  #last = ''

  constructor (names: LiveTable['names'], terminal: boolean, write: (text: string) => void) {
    this.#names = names
    this.#terminal = terminal
    this.#write = write
  }

  get names (): ReadonlyArray<readonly [name: string, what: string]> {
    return this.#names
  }

  show (states: ReadonlyMap<string, DestinationState>): void {
    this.#last = render(this.#names, states)
    if (!this.#terminal) return
    this.#write(`${this.#drawn === 0 ? '' : `\x1b[${this.#drawn}F\x1b[J`}${this.#last}`)
    this.#drawn = this.#last.split('\n').length - 1
  }

  end (): void {
    if (!this.#terminal) this.#write(this.#last)
  }
}

function render (names: LiveTable['names'], states: ReadonlyMap<string, DestinationState>): string {
  const rows = names.map(([name, what]) => {
    const { delivered, retried, dead, lagRecords, held } = states.get(name) ?? NOTHING
    return ['', name, what, String(delivered), String(retried), String(dead), String(lagRecords), held ? 'open' : 'closed']
  })
  return `\n${formatTable([['', 'destination', '', 'delivered', 'retried', 'dead', 'lag', 'breaker'], ...rows])}`
}
