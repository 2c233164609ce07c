import t from 'tap'
import { flowOfEach } from '../../../../src/pipelines/delivery/flow-of-each.js'

const MIB = 1024 * 1024
const FLOW = {
  chunkRecords: 500,
  maxInFlightRecords: 8_000,
  maxInFlightBytes: 64 * MIB,
  maxUncommittedSpan: 100_000,
  commitIntervalMs: 500,
  commitEveryRecords: 10_000,
  revokeDrainMs: 5_000,
  shutdownGraceMs: 25_000,
  stuckPartitionMs: 180_000,
  readyHoldMs: 30_000
}

t.test('the limits of the process are shared out, and a poll never asks for more than a part of a share', async t => {
  t.strictSame(flowOfEach(FLOW, 1), FLOW)
  t.match(flowOfEach(FLOW, 10), { maxInFlightRecords: 800, maxInFlightBytes: Math.floor(6.4 * MIB), chunkRecords: 200, commitIntervalMs: 500 })
})

t.test('with very many destinations each still has enough to work with, and never more than all', async t => {
  t.match(flowOfEach(FLOW, 1_000), { maxInFlightRecords: 64, maxInFlightBytes: MIB, chunkRecords: 16 })
  t.match(flowOfEach({ ...FLOW, maxInFlightRecords: 10, maxInFlightBytes: 1_024 }, 1_000), { maxInFlightRecords: 10, maxInFlightBytes: 1_024, chunkRecords: 3 })
})
