import { Health } from '../../service/health.js'

/** What a sick destination turns red. It is told in logs and metrics; others go on, so it is no reason against the process. */
const OF_THE_DESTINATION: ReadonlySet<string> = new Set(['stages', 'partitions'])

export interface DestinationsHealthOptions {
  readonly destinations: number
  /** The process does nothing but deliver: when nothing can be delivered, it is not ready. */
  readonly alone: boolean
}

/** Gathers the checks of all destinations' pipelines into those of the process: one check a destination. */
export class DestinationsHealth {
  readonly #health: Health
  readonly #options: DestinationsHealthOptions
  readonly #sick = new Set<string>()

  constructor (health: Health, options: DestinationsHealthOptions) {
    this.#health = health
    this.#options = options
  }

  of (name: string): Health {
    const own: Health = new Health((check, reason) => {
      if (check === 'stages') this.#judge(name, reason !== undefined)
      if (OF_THE_DESTINATION.has(check)) return
      if (!own.live) this.#health.dead(`${name}: ${reason ?? ''}`)
      const problem = own.problems.find(each => !OF_THE_DESTINATION.has(each.check))
      if (problem === undefined) this.#health.green(`destination ${name}`)
      else this.#health.red(`destination ${name}`, problem.check === 'kafka' ? problem.reason : `${problem.check}: ${problem.reason}`)
    })
    return own
  }

  #judge (name: string, sick: boolean): void {
    if (sick) this.#sick.add(name)
    else this.#sick.delete(name)
    if (this.#options.alone && this.#sick.size === this.#options.destinations) this.#health.red('destinations', 'all of them are held')
    else this.#health.green('destinations')
  }
}
