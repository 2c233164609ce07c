import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../../src/stack/local-stack.js'
import { type ServerName } from '../../src/stack/servers.js'

/** The part of a tap test that is needed here. */
export interface TestScope {
  teardown (handler: () => Promise<void> | void): void
  comment (message: string): void
}

/** In memory where the system has such a folder: DynamoDB Local with files is then ten times faster. */
const FAST_FOLDER = '/dev/shm'
const MIN_FAST_BYTES = 1024 ** 3

const FOLDER_PREFIX = 'penstock-test-'

/**
 * Real servers on free ports with fresh data, for one test file. They end in the test's teardown, and with its process
 * however that ends; what a killed process left on disk is removed by the next that starts.
 */
export async function startTestStack<S extends ServerName> (
  t: TestScope, options: Omit<LocalStackOptions<S>, 'dir'>
): Promise<LocalStack<S>> {
  const stack = await startLocalStack<S>({ ...options, dir: createTestFolder(t) })
  t.teardown(() => stack.stop())
  return stack
}

/** A folder that is gone after the test. */
export function createTestFolder (t: TestScope): string {
  const base = baseFolder()
  removeOrphans(base)
  const dir = mkdtempSync(join(base, `${FOLDER_PREFIX}${process.pid}-`))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function baseFolder (): string {
  try {
    const { bavail, bsize } = statfsSync(FAST_FOLDER)
    if (bavail * bsize < MIN_FAST_BYTES) return tmpdir() // Containers often have 64 MB of it.
    const dir = join(FAST_FOLDER, 'penstock')
    mkdirSync(dir, { recursive: true })
    return dir
  } catch {
    return tmpdir()
  }
}

function removeOrphans (base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) rmSync(join(base, name), { recursive: true, force: true })
  }
}

function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
