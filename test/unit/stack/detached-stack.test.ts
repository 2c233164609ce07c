import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { adoptProcess, stackDown, stackStatus } from '../../../src/stack/detached-stack.js'
import { identifyProcess } from '../../../src/stack/process-identity.js'
import { StackState } from '../../../src/stack/stack-state.js'

function spawnSleeper () {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  return { child, pid: child.pid ?? 0, exited: once(child, 'exit') }
}

const DETAILS = { endpoint: '127.0.0.1:1', ports: [1], logFile: 'a.log' }

t.test('without a stack, status is empty and down ends nothing', async t => {
  const dir = t.testdir()
  t.same(await stackStatus({ dir }), [])
  t.same(await stackDown({ dir }), [])
})

t.test('down ends what was adopted, and the state file is gone', async t => {
  const dir = t.testdir()
  const { pid, exited } = spawnSleeper()
  adoptProcess({ name: 'penstock', pid, ...DETAILS }, { dir })
  t.match(await stackStatus({ dir }), [{ name: 'penstock', pid, running: true, endpoint: '127.0.0.1:1' }])
  t.same(await stackDown({ dir }), ['penstock'])
  t.same(await exited, [null, 'SIGTERM'])
  t.notOk(existsSync(join(dir, 'state.json')))
})

t.test('down leaves a process alone that got the id of one of ours', async t => {
  const dir = t.testdir()
  const { child, pid, exited } = spawnSleeper()
  t.teardown(async () => { child.kill(); await exited })
  new StackState(dir).put({ name: 'kafka', pid, identity: 'another boot/1', ...DETAILS })
  t.match(await stackStatus({ dir }), [{ name: 'kafka', running: false }])
  t.same(await stackDown({ dir }), [])
  t.type(identifyProcess(pid), 'string')
})

t.test('a process that is not there can not be adopted', async t => {
  const { child, pid, exited } = spawnSleeper()
  child.kill()
  await exited
  t.throws(() => adoptProcess({ name: 'gone', pid, ...DETAILS }, { dir: t.testdir() }), /there is no process/)
})
