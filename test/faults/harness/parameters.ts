/**
 * A number that a longer run raises: `FAULTS_<NAME>` in the environment, or what continuous integration takes. Throws
 * for what is no number, so that a slip does not run the short test.
 */
export function parameter (name: string, fallback: number): number {
  const variable = `FAULTS_${name}`
  const text = process.env[variable]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${variable} is ${JSON.stringify(text)}, which is not a number; for example ${variable}=${fallback}`)
  return value
}
