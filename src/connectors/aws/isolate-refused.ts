import { environment, type Environment, type Outcome, poison } from '../../engine/outcome.js'
import { type CallFailure, outcomeOf } from './classify-error.js'

export interface Isolation<Item> {
  /** The calls to begin with, in order: one, or several where the items together break a limit. */
  readonly parts: ReadonlyArray<readonly Item[]>
  /** One call: an outcome per item, or what went wrong with the call as a whole. */
  call (items: readonly Item[]): Promise<readonly Outcome[] | CallFailure>
  readonly scope: Environment['scope']
  /** A single item, refused in a call of its own with nothing to compare it with: whose fault is it? */
  judgeSingle? (item: Item, failure: CallFailure): Promise<Outcome>
}

/**
 * Sends items in calls that the service takes or refuses as a whole. A refused call is halved until every refusal has
 * one item's name on it, so that one bad item never spoils its neighbours. When each of several items is refused, it
 * is not the items: the definition of the table or queue and ours differ. Calls go one after the other in the items'
 * order, and once something fails that may pass later, what is left is not sent and takes that outcome: nothing
 * overtakes a failed item by more than its own call.
 */
export async function isolateRefused<Item> (isolation: Isolation<Item>): Promise<Outcome[]> {
  const { scope } = isolation
  const outcomes: Outcome[] = []
  let pending = isolation.parts
  const refusals: CallFailure[] = []
  for (;;) {
    const [part, ...rest] = pending
    if (part === undefined) break
    pending = rest
    const answer = await isolation.call(part)
    if (isOutcomes(answer)) {
      outcomes.push(...answer)
      const failed = answer.find(outcome => outcome.class === 'transient' || outcome.class === 'environment')
      if (failed !== undefined) return stopped(outcomes, failed, rest.flat())
    } else if (answer.code !== 'REFUSED') {
      return stopped(outcomes, outcomeOf(answer, scope), [...part, ...rest.flat()])
    } else if (part.length > 1) {
      const middle = Math.ceil(part.length / 2)
      pending = [part.slice(0, middle), part.slice(middle), ...rest]
    } else {
      refusals.push(answer)
      outcomes.push(poison('REFUSED', answer.detail))
    }
  }
  const [refusal] = refusals
  if (refusal === undefined || refusals.length < outcomes.length) return outcomes
  if (refusals.length > 1) return refusals.map(({ detail }) => environment(scope, 'MISCONFIGURED', detail))
  const [item] = isolation.parts.flat()
  return item === undefined || isolation.judgeSingle === undefined ? outcomes : [await isolation.judgeSingle(item, refusal)]
}

/** Without one item that was taken there is no telling yet whose fault the refusals were. */
function stopped (outcomes: readonly Outcome[], failed: Outcome, left: readonly unknown[]): Outcome[] {
  const taken = outcomes.some(outcome => outcome.class === 'done')
  return [...outcomes.map(outcome => taken || outcome.class !== 'poison' ? outcome : failed), ...left.map(() => failed)]
}

function isOutcomes (answer: readonly Outcome[] | CallFailure): answer is readonly Outcome[] {
  return Array.isArray(answer)
}
