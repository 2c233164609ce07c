import { type Incidents, type Observer } from '../../src/engine/observer.js'
import { type Books } from './books.js'
import { type Findings } from './findings.js'
import { listenTo } from './listen-to.js'

/** Counts what the engine tells of the states that a run of schedules must reach. */
export function watchEngine (findings: Findings): Observer {
  return listenTo<Observer>({
    called: (_stage, _key, { cause }) => { findings.reach(`call for ${cause}`) },
    coalesced: (_stage, records) => { findings.reach('record coalesced', records) },
    replayed: records => { findings.reach('replay taken up', records) },
    postponed: records => { findings.reach('replay postponed', records) },
    lateSettled: () => { findings.reach('end after its epoch') },
    repeatedOffset: () => { findings.reach('offset surfaced twice') },
    overtaken: (_stage, records) => { findings.reach('record overtaken in its call', records) }
  })
}

/** Notes in the books which channels are held, as an operator would hear of it. */
export function watchIncidents (findings: Findings, books: Books): Incidents {
  return listenTo<Incidents>({
    held: (stage, key, code) => {
      findings.reach(`hold for ${code}`)
      books.held.add(`${stage} ${key ?? stage}`)
    },
    resumed: (stage, key) => {
      findings.reach('hold ended')
      books.held.delete(`${stage} ${key ?? stage}`)
    },
    retryBudgetSpent: () => { findings.reach('retry budget spent') },
    examinerFailed: () => { findings.reach('examination failed') }
  })
}
