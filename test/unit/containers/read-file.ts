import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** From dist/test/unit/containers. */
export const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

export function readProjectFile (name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

export const MANIFEST = JSON.parse(readProjectFile('package.json')) as {
  readonly version: string
  readonly license: string
  readonly bin: { readonly penstock: string }
}

/** `name:1.2.3`, with or without what it is built on, with or without a digest: never a tag that moves by design. */
export const PINNED_IMAGE = /^[a-z0-9./-]+:v?\d+\.\d+\.\d+(\.Final)?(-[a-z-]+)?(@sha256:[0-9a-f]{64})?$/
