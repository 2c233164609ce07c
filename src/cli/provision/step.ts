/** What `penstock create` did about one thing. `differs`: it was there, not as defined, and was left alone. */
export interface Step {
  readonly kind: 'topic' | 'table' | 'queue' | 'schema'
  readonly name: string
  readonly result: 'created' | 'existed' | 'changed' | 'differs' | 'skipped' | 'failed'
  readonly detail: string
}

export type OnStep = (step: Step) => void

export function isFailure (step: Step): boolean {
  return step.result === 'failed' || step.result === 'differs'
}
