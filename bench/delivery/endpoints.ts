import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Behaviour } from './behaviours.js'

/** The id of an event, and when its request had arrived: ms since 1970. */
export type Arrival = readonly [id: string, at: number]

export interface EndpointsReport {
  readonly arrivals: Readonly<Record<string, readonly Arrival[]>>
}

/** Real HTTP servers, all in one process, so that their CPU is not the harness's. */
export interface Endpoints {
  readonly urls: Readonly<Record<string, string>>
  report (): Promise<EndpointsReport>
  close (): Promise<void>
}

const MAIN = fileURLToPath(new URL('./endpoints-main.js', import.meta.url))

export async function startEndpoints (behaviours: Readonly<Record<string, Behaviour>>): Promise<Endpoints> {
  const child = fork(MAIN, [JSON.stringify(behaviours)])
  const exited = once(child, 'exit')
  const died = exited.then(([code]) => { throw new Error(`the destinations ended with ${String(code)}`) })
  died.catch(() => {})
  const answer = async <T>(): Promise<T> => {
    const [message] = await Promise.race([once(child, 'message'), died]) as [T]
    return message
  }
  const { urls } = await answer<Pick<Endpoints, 'urls'>>()
  return {
    urls,
    report: async () => {
      const answered = answer<EndpointsReport>()
      child.send('report')
      return await answered
    },
    close: async () => {
      child.disconnect()
      await exited
    }
  }
}
