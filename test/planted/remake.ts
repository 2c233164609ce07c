/**
 * Makes the patch of a bug anew from what `git diff` says of src/, keeping its head, and takes the bug out of src/ again:
 *
 *     git apply --3way test/planted/bugs/NAME.patch    # or break the promise by hand
 *     node dist/test/planted/remake.js NAME
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const HEAD = 'Bug: \nPromise: \nCaught by: \n\n'

const [name] = process.argv.slice(2)
if (name === undefined) fail('usage: node dist/test/planted/remake.js NAME')
const patch = join(ROOT, 'test', 'planted', 'bugs', `${name}.patch`)
const diff = git('diff', '-U2', 'HEAD', '--', 'src')
if (diff === '') fail('src/ is as it was committed: plant the bug first, by hand or with git apply --3way')
if (/^[+ -]?(<<<<<<<|>>>>>>>) /m.test(diff)) fail('src/ has conflicts: settle them first')
const old = existsSync(patch) ? readFileSync(patch, 'utf8') : HEAD
writeFileSync(patch, `${old.split('diff --git ')[0] ?? HEAD}${diff}`)
git('reset', '--quiet', '--', 'src')
git('apply', '--reverse', patch)
console.log(`${patch} is made; src/ is as it was committed. Now: npm run test:planted -- ${name}`)

function git (...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
}

function fail (reason: string): never {
  console.error(reason)
  process.exit(1)
}
