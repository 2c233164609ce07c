import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** In /proc/<pid>/stat, counted after the command's closing parenthesis: the state (field 3) and the start time (field 22). */
const STATE_INDEX = 0
const START_TIME_INDEX = 19

/**
 * What tells this process from a later one with the same id: when it started. Undefined when there is no such process.
 * See proc_pid_stat(5); without /proc, `ps` tells.
 */
export function identifyProcess (pid: number): string | undefined {
  if (process.platform !== 'linux') return identifyByPs(pid)
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[STATE_INDEX] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[START_TIME_INDEX]}`
  } catch {
    return undefined
  }
}

function identifyByPs (pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return started === '' ? undefined : started
  } catch {
    return undefined
  }
}
