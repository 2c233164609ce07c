import t from 'tap'
import { LossWatch } from '../../../../src/pipelines/delivery/loss-watch.js'
import { type PartitionStatus } from '../../../../src/engine/engine-options.js'
import { ManualClock } from '../../../helpers/manual-clock.js'

const HOUR_MS = 3_600_000

function rig () {
  const clock = new ManualClock()
  const warnings: Array<Record<string, number>> = []
  const partition = { topic: 'event-log', partition: 0, epoch: 1, watermark: 0, highestPolled: 0, unsettled: 1, unsettledBytes: 1, span: 1, oldestAgeMs: 0 }
  const partitions: PartitionStatus[] = [{ ...partition, oldestTimestamp: -1 }]
  const watch = new LossWatch({
    engine: { partitions: () => partitions }, retentionMs: 24 * HOUR_MS, clock, logger: { warn: (details: Record<string, number>) => { warnings.push(details) } }
  })
  const oldest = (timestamp: number): void => { partitions.push({ ...partition, oldestTimestamp: timestamp }) }
  return { clock, warnings, oldest, watch }
}

t.test('it warns while there is time, and repeats it now and then', async t => {
  const { clock, warnings, oldest } = rig()
  oldest(clock.wallTime())
  clock.advance(17 * HOUR_MS)
  t.strictSame(warnings, [])
  clock.advance(1.01 * HOUR_MS)
  t.ok(warnings.length >= 1 && warnings.length <= 2)
  t.ok(warnings[0]!.behindMs! >= 18 * HOUR_MS)
  t.ok(warnings[0]!.lostInMs! <= 6 * HOUR_MS)
  clock.advance(HOUR_MS)
  t.ok(warnings.length <= 8)
})

t.test('where nothing waits there is nothing to lose, and after its end it is silent', async t => {
  const { clock, warnings, oldest, watch } = rig()
  clock.advance(48 * HOUR_MS)
  t.strictSame(warnings, [])
  oldest(clock.wallTime() - 23 * HOUR_MS)
  watch.close()
  clock.advance(HOUR_MS)
  t.strictSame(warnings, [])
  t.equal(clock.pending, 0)
})
