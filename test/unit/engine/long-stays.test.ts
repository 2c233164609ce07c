import t from 'tap'
import { type Verdict } from '../../../src/engine/examiner.js'
import { DONE, poison, transient } from '../../../src/engine/outcome.js'
import { type SourceRecord } from '../../../src/engine/record.js'
import { clientOf, type Parcel, recordOf, rig, TOPIC } from '../../helpers/engine.js'

t.test('what stays for a second lets go of its chunk, and nothing else does', async t => {
  const detached: string[] = []
  const examiner = {
    examine: async (chunk: readonly SourceRecord[]): Promise<Array<Verdict<Parcel>>> =>
      chunk.map(record => ({ class: 'valid', payload: { client: 'a', lane: String(record.value) } })),
    detach: (parcel: Parcel) => { detached.push(parcel.lane) },
    close: async () => {}
  }
  const { engine, clock, poll, first } = rig({ examiner, stages: [{ batch: { maxRecords: 2, lingerMs: 0 } }] })
  await poll(0, 0, 'passes', 'stays')
  await first.last.settle([DONE, transient('TIMEOUT', 'no answer')])
  await poll(1, 0, 'stays too')
  engine.polled()
  t.strictSame(detached, [])
  await clock.pass(600)
  await poll(1, 1, 'is young')
  await clock.pass(600)
  engine.polled()
  t.strictSame(detached, ['stays', 'stays too'])
  engine.polled()
  t.equal(detached.length, 2, 'it is looked for once a second')
})

t.test('of a record that is split, the branches that stay let go, and no other', async t => {
  const detached: string[] = []
  const examiner = {
    examine: async (chunk: readonly SourceRecord[]): Promise<Array<Verdict<Parcel>>> => chunk.map(() => ({ class: 'valid', payload: { client: 'a+b', lane: '1' } })),
    detach: (parcel: Parcel) => { detached.push(parcel.client) },
    close: async () => {}
  }
  const { engine, clock, poll, last } = rig({ examiner, branches: true, stages: [{ batchKey: clientOf, batch: { lingerMs: 0 } }] })
  await poll(0, 0, 'split')
  await last.open.find(({ payloads }) => payloads[0]?.client === 'a')?.settle()
  await clock.pass(1_100)
  engine.polled()
  t.strictSame(detached, ['b'])
})

t.test('a record that stays for a second lets go of its poll, valid or not', async t => {
  const detached: string[] = []
  const examiner = {
    examine: async (chunk: readonly SourceRecord[]): Promise<Array<Verdict<Parcel>>> => chunk.map(record => {
      return String(record.value) === 'poison' ? poison('NOT_JSON', '') : { class: 'valid', payload: { client: 'a', lane: '1' } }
    }),
    close: async () => {}
  }
  const { engine, clock } = rig({ examiner, deadLetters: { batch: { lingerMs: 0 }, answer: () => undefined } })
  engine.open({ topic: TOPIC, partition: 0 })
  engine.polled()
  engine.receive(['valid', 'poison'].map((value, offset) => ({ ...recordOf(0, offset, value), detach () { detached.push(value) } })))
  await clock.pass(900)
  engine.polled()
  t.strictSame(detached, [])
  await clock.pass(1_100)
  engine.polled()
  t.strictSame(detached, ['valid', 'poison'])
})
