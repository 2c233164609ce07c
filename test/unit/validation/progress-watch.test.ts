import t from 'tap'
import { type Clock } from '../../../src/engine/clock.js'
import { ProgressWatch, type Watched } from '../../../src/validation/progress-watch.js'

/** A clock that is moved by hand; a timer fires once, at the first step that reaches it. */
class ManualClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number, callback: () => void }>()

  now (): number { return this.#now }
  wallTime (): number { return this.#now }

  setTimer (callback: () => void, delayMs: number): { clear (): void } {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.add(timer)
    return { clear: () => { this.#timers.delete(timer) } }
  }

  get timers (): number { return this.#timers.size }

  step (ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now) continue
      this.#timers.delete(timer)
      timer.callback()
    }
  }
}

class Task implements Watched {
  at = 0
  expired = 0
  readonly stallLimitMs = 100
  readonly startLimitMs = 1_000
  position (): number { return this.at }
  expire (): void { this.expired++ }
}

t.test('a task that stays at one place expires once, one that gets on never', async t => {
  const clock = new ManualClock()
  const watch = new ProgressWatch(clock, 10)
  const hung = new Task()
  const busy = new Task()
  hung.at = busy.at = 1
  watch.add(hung)
  watch.add(busy)
  for (let i = 0; i < 30; i++) {
    busy.at++
    clock.step(10)
  }
  t.equal(hung.expired, 1)
  t.equal(busy.expired, 0)
})

t.test('a task that has not begun has the longer limit', async t => {
  const clock = new ManualClock()
  const watch = new ProgressWatch(clock, 10)
  const task = new Task()
  watch.add(task)
  for (let i = 0; i < 90; i++) clock.step(10)
  t.equal(task.expired, 0)
  for (let i = 0; i < 20; i++) clock.step(10)
  t.equal(task.expired, 1)
})

t.test('time in which this process stood still convicts nobody', async t => {
  const clock = new ManualClock()
  const watch = new ProgressWatch(clock, 10)
  const task = new Task()
  task.at = 1
  watch.add(task)
  clock.step(10)
  clock.step(60_000)
  t.equal(task.expired, 0)
})

t.test('nothing ticks when nothing runs', async t => {
  const clock = new ManualClock()
  const watch = new ProgressWatch(clock, 10)
  const task = new Task()
  watch.add(task)
  watch.remove(task)
  clock.step(10)
  t.equal(clock.timers, 0)
  watch.add(task)
  t.equal(clock.timers, 1)
  watch.close()
  t.equal(clock.timers, 0)
})
