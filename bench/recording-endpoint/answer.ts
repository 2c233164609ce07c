/** What a call is answered with: a status and a body in the protocol of both services, AWS JSON 1.0. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function ok (body: unknown): Answer {
  return { status: 200, body: JSON.stringify(body) }
}

export const EMPTY: Answer = { status: 200, body: '{}' }

export function refusal (error: string, message = error, status = 400): Answer {
  return { status, body: JSON.stringify({ __type: `com.amazonaws#${error}`, message }) }
}
