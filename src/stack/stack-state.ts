import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identifyProcess } from './process-identity.js'

/** A process that outlives the command that started it, as the state file remembers it. */
export interface DetachedProcess {
  /** A server's name, or what its starter called it. */
  readonly name: string
  readonly pid: number
  /** Of the process, so that its successor under the same id is left alone. */
  readonly identity: string
  readonly endpoint: string
  readonly ports: readonly number[]
  readonly logFile: string
}

export function isRunning (entry: DetachedProcess): boolean {
  return identifyProcess(entry.pid) === entry.identity
}

/**
 * The state file of a folder: which detached processes belong to it. Written synchronously at every change, so that a
 * process is on file from the moment it exists.
 */
export class StackState {
  readonly #dir: string

  constructor (dir: string) {
    this.#dir = dir
  }

  /** In the order they were started. */
  read (): DetachedProcess[] {
    try {
      return (JSON.parse(readFileSync(this.#file, 'utf8')) as { processes: DetachedProcess[] }).processes
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw new Error(`${this.#file} can not be read`, { cause: error })
    }
  }

  /** Adds a process, in the place of one with the same name. */
  put (entry: DetachedProcess): void {
    this.#write([...this.read().filter(({ name }) => name !== entry.name), entry])
  }

  remove (name: string): void {
    this.#write(this.read().filter(entry => entry.name !== name))
  }

  get #file (): string {
    return join(this.#dir, 'state.json')
  }

  #write (processes: DetachedProcess[]): void {
    if (processes.length === 0) return rmSync(this.#file, { force: true })
    mkdirSync(this.#dir, { recursive: true })
    const draft = `${this.#file}.${process.pid}`
    writeFileSync(draft, `${JSON.stringify({ processes }, null, 2)}\n`)
    renameSync(draft, this.#file)
  }
}
