import { join } from 'node:path'
import t from 'tap'
import { importScript } from './import-script.js'

const { StepError, remedyFor } = await importScript<{
  StepError: new (title: string, reason: string, logFile: string, remedy: string) => Error
  remedyFor: (log: string) => string | undefined
}>('step-error.mjs')

t.test('a failed step shows the end of its log and the remedy', async t => {
  const dir = t.testdir({ 'build.log': `${'early line\n'.repeat(100)}last line\n` })
  const { message } = new StepError('Build', 'tsc ended with exit code 2', join(dir, 'build.log'), 'Correct the sources.')
  t.match(message, /^Failed: Build: tsc ended with exit code 2\./)
  t.match(message, /last line\n\nCorrect the sources\.$/)
  t.ok(message.split('\n').length < 50)
})

t.test('errors above the end of the log are shown, too', async t => {
  const dir = t.testdir({ 'install.log': `cc: all well\nfile.cc:1:1: error: no such type\n${'more\n'.repeat(100)}npm gave up\n` })
  const { message } = new StepError('Install', 'npm ended with exit code 1', join(dir, 'install.log'), '')
  t.match(message, /no such type\n {2}…\n/)
  t.notMatch(message, /all well/)
})

t.test('a full disk, an unreachable registry and too little memory have remedies of their own', async t => {
  t.match(remedyFor('npm error code ENOSPC'), /disk is full/)
  t.match(remedyFor('getaddrinfo EAI_AGAIN registry.npmjs.org'), /registry could not be reached/)
  t.match(remedyFor('g++: fatal error: Killed signal terminated program cc1plus'), /out of memory/)
  t.equal(remedyFor('error TS2322'), undefined)
})
