/** More than any run lasts for. */
const MOST_RECORDS = 100_000_000

interface Until {
  readonly count: number
  readonly signal: AbortSignal
}

/** What a run's `produce` takes. */
type Load<R extends Producing> = Parameters<R['produce']>[0]

interface Producing {
  produce (load: never): Promise<unknown>
}

/** Produces at a steady rate until the function that it returns is called, or the test ends. */
export function steadyLoad<R extends Producing> (
  t: { teardown (handler: () => void): void }, run: R, options: Omit<Load<R>, keyof Until> & { readonly ratePerSecond: number }
): () => Promise<void> {
  const enough = new AbortController()
  t.teardown(() => { enough.abort() })
  const until: Until = { count: MOST_RECORDS, signal: enough.signal }
  const producing = run.produce({ ...options, ...until } as never)
  return async () => {
    enough.abort()
    await producing
  }
}
