import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interrupted extends Error {
  readonly exitCode: number

  constructor (signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/** The first signal rejects `happened`; after `exitOnNext` a further one ends the process at once. */
export class Interruption {
  readonly happened: Promise<never>
  readonly #listener: (signal: NodeJS.Signals) => void
  #exitsNow = false

  constructor () {
    let reject: (reason: Interrupted) => void
    this.happened = new Promise((_resolve, _reject) => { reject = _reject })
    this.happened.catch(() => {})
    this.#listener = signal => {
      const interrupted = new Interrupted(signal)
      if (this.#exitsNow) process.exit(interrupted.exitCode)
      reject(interrupted)
    }
    for (const signal of SIGNALS) process.on(signal, this.#listener)
  }

  exitOnNext (): void {
    this.#exitsNow = true
  }

  forget (): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener)
  }
}
