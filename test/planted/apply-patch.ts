import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'

/** Tools that apply a unified diff. Neither insists on line numbers, both on the lines that are taken out. */
const TOOLS: ReadonlyArray<readonly [command: string, ...args: string[]]> = [
  ['git', 'apply', '-C1', '--whitespace=nowarn'],
  ['patch', '--strip=1', '--batch', '--forward', '--silent', '--input']
]

/** Applies a patch in a folder, with whichever tool there is. Throws when it does not apply, with the reason. */
export function applyPatch (patch: string, folder: string): void {
  // Inside a repository git would take the paths for those of the repository.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder), GIT_DIR: undefined, GIT_WORK_TREE: undefined }
  for (const [command, ...args] of TOOLS) {
    const { status, error, stdout, stderr } = spawnSync(command, [...args, patch], { cwd: folder, env, encoding: 'utf8' })
    if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') continue
    if (status === 0) return
    throw new Error(`the patch no longer applies to the sources; test/planted/README.md tells how to make it anew. ${command} says: ${(stderr + stdout).trim()}`)
  }
  throw new Error('there is neither git nor patch to apply patches with: install one of them')
}
