import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../helpers/until.js'
import { importScript } from './import-script.js'

const { takeLock } = await importScript<{
  takeLock: (file: string, onWait: (holder: number) => void) => Promise<() => void>
}>('lock.mjs')

t.test('the lock is held until it is released', async t => {
  const file = join(t.testdir(), 'lock')
  const release = await takeLock(file, () => t.fail('nobody else has it'))
  t.match(readFileSync(file, 'utf8'), new RegExp(`^${process.pid} `))
  release()
  t.notOk(existsSync(file))
})

t.test('a second taker says whom it waits for, and goes on when the lock is free', async t => {
  const file = join(t.testdir(), 'lock')
  const release = await takeLock(file, () => t.fail('nobody else has it'))
  const waitedFor: number[] = []
  const second = takeLock(file, holder => waitedFor.push(holder))
  await until(() => waitedFor.length > 0)
  t.same(waitedFor, [process.pid])
  release()
  const releaseSecond = await second
  releaseSecond()
})

t.test('a lock of a dead process is taken over', async t => {
  const file = join(t.testdir(), 'lock')
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  writeFileSync(file, `${child.pid} 123\n`)
  const release = await takeLock(file, () => t.fail('the holder is dead'))
  release()
})

t.test('a lock whose holder\'s id was given to another process is taken over', { skip: process.platform !== 'linux' && 'needs /proc' }, async t => {
  const file = join(t.testdir(), 'lock')
  writeFileSync(file, `${process.ppid} 1\n`)
  const release = await takeLock(file, () => t.fail('the holder is dead'))
  release()
})
