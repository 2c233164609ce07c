/** Exit codes of every command. */
export const EXIT = {
  /** Done; for `run`: everything was drained. */
  ok: 0,
  /** It failed. */
  failure: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  usage: 2,
  /** The deadline of the shutdown cut it: what was not done is not committed, and is done again at the next start. */
  cut: 3
} as const

export const EXIT_CODES_HELP = `
Exit codes:
  0  done; for run: everything was drained
  1  failure
  2  the command line or the configuration is wrong; nothing was started
  3  run: the deadline of the shutdown came before everything was drained`
