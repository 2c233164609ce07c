import { spawnSync } from 'node:child_process'

/**
 * V8 flags that should pay off for a process whose garbage is mostly young, and that must be there when Node starts. How much they
 * save is not measured by a benchmark of this project yet. `--single-threaded-gc` is refused in NODE_OPTIONS.
 */
const WANTED = ['--single-threaded-gc', '--max-semi-space-size=32']

/** Those of them that the running Node accepts. */
export function runFlags (): string[] {
  const accepted = spawnSync(process.execPath, [...WANTED, '-e', '0'], { stdio: 'ignore', timeout: 10_000 }).status === 0
  return accepted ? WANTED : []
}
