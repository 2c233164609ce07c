import t from 'tap'
import { join } from '../../../src/cli/run-delivery.js'
import { type RunEnd, type RunningPipeline } from '../../../src/pipelines/common/run-pipeline.js'

class Part implements RunningPipeline {
  readonly ended: Promise<RunEnd>
  readonly calls: string[] = []
  end: (end: RunEnd) => void = () => {}

  constructor () {
    this.ended = new Promise(resolve => { this.end = resolve })
  }

  stop (): void {
    this.calls.push('stop')
  }

  abort (): void {
    this.calls.push('abort')
  }
}

t.test('Parts that run together end when all have ended, with the worst of their ends', async t => {
  const [one, other] = [new Part(), new Part()]
  const joined = join([one, other])
  joined.stop()
  t.same([one.calls, other.calls], [['stop'], ['stop']])
  one.end('cut')
  let ended: RunEnd | undefined
  void joined.ended.then(end => { ended = end })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(ended, undefined, 'the other still drains')
  other.end('drained')
  t.equal(await joined.ended, 'cut')
})

t.test('When one part breaks, the others drain', async t => {
  const [one, other] = [new Part(), new Part()]
  const joined = join([one, other])
  one.end('failed')
  await new Promise(resolve => setImmediate(resolve))
  t.match(other.calls, ['stop'])
  other.end('drained')
  t.equal(await joined.ended, 'failed')
})

t.test('Ending at once ends all at once', async t => {
  const [one, other] = [new Part(), new Part()]
  join([one, other]).abort()
  t.same([one.calls, other.calls], [['abort'], ['abort']])
})
