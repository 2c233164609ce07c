/** Resolves when the URL answers 200; throws with the reason otherwise. */
export async function probeHttp (url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, init).catch((error: Error) => {
    throw new Error(error.cause instanceof Error ? error.cause.message : error.message)
  })
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${url} answers ${response.status} ${body.slice(0, 200)}`)
}
