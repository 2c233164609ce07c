import { eventually } from './eventually.js'

/** Waits until a condition holds; throws when it does not in time. */
export async function until (condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  await eventually(condition.toString(), condition, { timeoutMs })
}
