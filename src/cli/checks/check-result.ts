/** One line of `penstock check`. `note`: worth knowing, no reason to fail. */
export interface CheckResult {
  readonly status: 'passed' | 'failed' | 'note'
  readonly name: string
  readonly detail: string
  /** What to do about it; empty when there is nothing to do. */
  readonly remedy: string
}

export function passed (name: string, detail: string): CheckResult {
  return { status: 'passed', name, detail, remedy: '' }
}

export function failed (name: string, detail: string, remedy: string): CheckResult {
  return { status: 'failed', name, detail, remedy }
}

export function note (name: string, detail: string, remedy = ''): CheckResult {
  return { status: 'note', name, detail, remedy }
}
