import { type ServerResponse } from 'node:http'

/** How a destination answers. */
export type Behaviour = keyof typeof BEHAVIOURS

const SLOW_MS = 5_000
const FAILING_SHARE = 0.5

export const BEHAVIOURS = {
  succeeds: end(() => 200),
  hangs: () => {},
  'takes 5 s': (response: ServerResponse) => { setTimeout(() => { response.writeHead(200).end() }, SLOW_MS) },
  'fails half of the time': end(() => Math.random() < FAILING_SHARE ? 500 : 200)
} as const satisfies Record<string, (response: ServerResponse) => void>

function end (status: () => number): (response: ServerResponse) => void {
  return response => { response.writeHead(status()).end() }
}
