import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Scripts are not compiled: from dist/test/unit/scripts they are where they were written. */
const SCRIPTS = join(import.meta.dirname, '..', '..', '..', '..', 'scripts')

/** A module of the bootstrap. What it exports is stated by the test that uses it. */
export async function importScript<Exports> (name: string): Promise<Exports> {
  return await import(pathToFileURL(join(SCRIPTS, 'bootstrap', name)).href) as Exports
}
