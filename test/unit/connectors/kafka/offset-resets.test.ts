import t from 'tap'
import { OffsetResets } from '../../../../src/connectors/kafka/offset-resets.js'

const PLACE = { topic: 'events', partition: 3 }

/** Resets of a log that begins at 80 and ends at 100, and all that they lead to. */
function setUp (error?: Error, restarts = true) {
  const told: unknown[] = []
  const note = (what: string) => (...details: unknown[]): void => { told.push([what, ...details]) }
  const resets = new OffsetResets({
    observer: { offsetsLost: note('count lost'), logReplaced: note('count replaced') },
    log: { offsetsLost: note('log lost'), logReplaced: note('log replaced'), callFailed: note('failed') },
    restart: (...details) => {
      note('restart')(...details)
      return restarts
    }
  })
  const consumer = {
    queryWatermarkOffsets: (_topic: string, _partition: number, _timeoutMs: number, done: (error: unknown, offsets: unknown) => void) => {
      done(error ?? null, { lowOffset: 80, highOffset: 100 })
    }
  }
  // The typings give the client's callback a second form, without a timeout.
  const asked = consumer as Parameters<OffsetResets['heard']>[1]
  return {
    told,
    heard: (reset: Parameters<OffsetResets['heard']>[0]) => { resets.heard(reset, asked) },
    replaced: (partition: typeof PLACE) => { resets.replaced(partition, asked) }
  }
}

t.test('A position below the beginning of the log is a loss, counted up to where the client reads on', async t => {
  const { heard, told } = setUp()
  heard({ ...PLACE, offset: 50, to: 'beginning' })
  t.same(told, [['count lost', 'events', 30], ['log lost', { ...PLACE, offset: 50, first: 80, lost: 30 }]])
  told.length = 0
  heard({ ...PLACE, offset: 50, to: 'end' })
  t.same(told, [['count lost', 'events', 50], ['log lost', { ...PLACE, offset: 50, first: 100, lost: 50 }]])
})

t.test('A position that is not below it belongs to another log, which is read from its beginning', async t => {
  for (const offset of [150, 90]) {
    const { heard, told } = setUp()
    heard({ ...PLACE, offset, to: 'end' })
    t.same(told, [['restart', PLACE, 80], ['count replaced', 'events'], ['log replaced', { ...PLACE, first: 80 }]])
  }
})

t.test('When the log can not be asked for, the partition is read from the very beginning: no record is passed over', async t => {
  const { heard, told } = setUp(new Error('timed out'))
  heard({ ...PLACE, offset: 50, to: 'end' })
  t.match(told, [['failed'], ['restart', PLACE, 0], ['count replaced'], ['log replaced']])
})

t.test('A topic with another identity is read from its beginning, and told of once', async t => {
  const first = setUp()
  first.replaced(PLACE)
  t.same(first.told, [['restart', PLACE, 80], ['count replaced', 'events'], ['log replaced', { ...PLACE, first: 80 }]])
  const again = setUp(undefined, false)
  again.heard({ ...PLACE, offset: 150, to: 'beginning' })
  t.same(again.told, [['restart', PLACE, 80]])
})
