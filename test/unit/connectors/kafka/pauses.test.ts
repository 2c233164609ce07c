import t from 'tap'
import { Pauses } from '../../../../src/connectors/kafka/pauses.js'
import { type TopicPartition } from '../../../../src/engine/intake.js'
import { ManualClock } from '../../../helpers/manual-clock.js'

const LONG_ENOUGH_MS = 1_000

t.test('without credit everything is paused, also what is assigned meanwhile, and all is resumed with it', t => {
  const { pauses, calls, assign } = rig()
  assign(0, 1)
  pauses.pauseAll()
  t.ok(pauses.all)
  pauses.assigned([place(2)])
  assign(0, 1, 2)
  pauses.resumeAll()
  t.notOk(pauses.all)
  pauses.assigned([place(3)])
  t.same(calls, ['pause 0,1', 'pause 2', 'resume 0,1,2'])
  t.end()
})

t.test('a partition whose span is used up is paused alone, stays so when all are resumed, and is resumed when it has shrunk', t => {
  const { pauses, calls, assign, block, clock } = rig()
  assign(0, 1)
  block(1)
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  pauses.tendBlocked()
  pauses.pauseAll()
  pauses.resumeAll()
  block()
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  t.same(calls, ['pause 1', 'pause 0,1', 'resume 0', 'resume 1'])
  t.end()
})

t.test('a partition whose span is used up is paused before the next poll, and not resumed as often', t => {
  const { pauses, calls, assign, block, clock } = rig()
  assign(0, 1)
  clock.advance(LONG_ENOUGH_MS)
  block(0)
  pauses.tendBlocked()
  block(0, 1)
  pauses.tendBlocked()
  block()
  pauses.tendBlocked()
  t.same(calls, ['pause 0', 'pause 1'])
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  t.same(calls, ['pause 0', 'pause 1', 'resume 0,1'])
  t.end()
})

t.test('one that came back after it was given back is paused anew', t => {
  const { pauses, calls, assign, block, clock } = rig()
  assign(0)
  clock.advance(LONG_ENOUGH_MS)
  block(0)
  pauses.tendBlocked()
  pauses.released([place(0)])
  pauses.tendBlocked()
  t.same(calls, ['pause 0', 'resume 0', 'pause 0'])
  t.end()
})

t.test('what is given back is not paused when it comes again', t => {
  const { pauses, calls, assign, block, clock } = rig()
  assign(0, 1)
  pauses.released([place(0)])
  block(0)
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  pauses.released([place(0), place(1)])
  pauses.pauseAll()
  pauses.released([place(1)])
  t.same(calls, ['pause 0', 'resume 0', 'pause 0,1', 'resume 1'])
  t.end()
})

t.test('a partition that was taken away while its span was used up is not resumed any more', t => {
  const { pauses, calls, assign, block, clock } = rig()
  assign(0, 1)
  block(0)
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  assign(1)
  clock.advance(LONG_ENOUGH_MS)
  pauses.tendBlocked()
  t.same(calls, ['pause 0'])
  t.end()
})

function rig () {
  const calls: string[] = []
  const clock = new ManualClock()
  let assigned: TopicPartition[] = []
  let blocked: TopicPartition[] = []
  const pauses = new Pauses({
    intake: { blocked: () => blocked },
    clock,
    client: {
      pause: partitions => { calls.push(`pause ${named(partitions)}`) },
      resume: partitions => { calls.push(`resume ${named(partitions)}`) }
    },
    assigned: () => assigned
  })
  return {
    pauses,
    calls,
    clock,
    assign: (...partitions: number[]) => { assigned = partitions.map(place) },
    block: (...partitions: number[]) => { blocked = partitions.map(place) }
  }
}

function place (partition: number): TopicPartition {
  return { topic: 't', partition }
}

function named (partitions: readonly TopicPartition[]): string {
  return partitions.map(({ partition }) => partition).join()
}
