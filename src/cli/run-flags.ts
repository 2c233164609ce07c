import { spawnSync } from 'node:child_process'
import { type PipelineConfig } from '../service/config/load-config.js'

/**
 * V8 flags for a process whose garbage is mostly young, which must be there when Node starts: threads that collect beside
 * it take a core that Kafka or the validation has a use for. What they save is in docs/tuning.md.
 * `--single-threaded-gc` is refused in NODE_OPTIONS.
 */
const WANTED = ['--single-threaded-gc', '--max-semi-space-size=32']

/** https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html */
export const JOIN_AT_ONCE = 'glibc.malloc.mxfast=0'

/** Those of them that the running Node accepts. */
export function runFlags (): string[] {
  const accepted = spawnSync(process.execPath, [...WANTED, '-e', '0'], { stdio: 'ignore', timeout: 10_000 }).status === 0
  return accepted ? WANTED : []
}

/**
 * Variables that only hold when they are there before the process starts, where the user has not set them.
 *
 * glibc keeps small pieces that are freed apart, and joins them all whenever a large one is asked for. A service that
 * writes to Kafka frees tens of thousands with each collection, four for each message, and asks for a large one with each
 * poll: it is better off joining each at once (docs/tuning.md). Other C libraries know no such variable.
 */
export function runVariables (config: PipelineConfig, env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const { GLIBC_TUNABLES = 'producer' in config ? JOIN_AT_ONCE : undefined } = env
  return GLIBC_TUNABLES === undefined ? {} : { GLIBC_TUNABLES }
}
