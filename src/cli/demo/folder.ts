import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../errors.js'
import { DETACHED_STACK_FOLDER, stackStatus } from '../../stack/detached-stack.js'
import { identifyProcess } from '../../stack/process-identity.js'

const PREFIX = 'penstock-demo-'

/** A folder of this process alone. What a demo that was killed left behind is removed. */
export function createPassingFolder (base = tmpdir()): string {
  for (const name of readdirSync(base)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1] ?? NaN)
    if (!Number.isNaN(pid) && identifyProcess(pid) === undefined) removeFolder(join(base, name))
  }
  return mkdtempSync(join(base, `${PREFIX}${process.pid}-`))
}

/** The folder of the stack that stays up, without the data of an earlier one: a proof needs empty stores. */
export async function createKeptFolder (dir = DETACHED_STACK_FOLDER): Promise<string> {
  const running = (await stackStatus({ dir })).filter(entry => entry.running)
  if (running.length > 0) {
    throw new UsageError(`A proof needs empty stores, and ${running.map(({ name }) => name).join(', ')} of an earlier stack run. End them first: npm run penstock -- stack down`)
  }
  removeFolder(dir)
  mkdirSync(dir, { recursive: true })
  return dir
}

/** A server that is just being ended may still write into it. */
export function removeFolder (dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
