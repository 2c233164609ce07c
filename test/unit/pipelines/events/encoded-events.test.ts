import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { jsonOf } from '../../../../src/connectors/aws/fragment.js'
import { decodeEvents, type EncodedEvent } from '../../../../src/pipelines/events/encoded-events.js'
import { EventEncoder } from '../../../../src/pipelines/events/event-encoder.js'
import { EVENT } from '../../../fixtures/event.js'

const encoder = new EventEncoder('partition')

function chunkOf (count: number, first = 0): EncodedEvent[] {
  encoder.begin(count)
  for (let index = first; index < first + count; index++) {
    const event = { ...EVENT, uid: `${EVENT.uid} ${index}` }
    encoder.add(event, Buffer.from(JSON.stringify(event)), { partition: index % 3, offset: index, key: null })
  }
  return decodeEvents(structuredClone(encoder.end()))
}

function seen ({ uid, key, client, groupId, item, itemBytes, members, bytes, md5 }: EncodedEvent) {
  return { uid, key, client, groupId, item: jsonOf(item), itemBytes, members: jsonOf(members), bytes, md5 }
}

t.test('an event that lets go of its chunk stays as it is', async t => {
  for (const count of [1, 2, 7]) {
    const events = chunkOf(count)
    const before = events.map(seen)
    for (const event of events) event.detach()
    t.strictSame(events.map(seen), before)
    for (const event of events) event.detach()
    t.strictSame(events.map(seen), before, 'also the second time')
    t.equal(new Set(events.map(event => event.item.bytes)).size, count)
  }
})

t.test('a chunk that was begun and not ended leaves nothing to the next', async t => {
  encoder.begin(2)
  encoder.add({ ...EVENT, client: 'of the chunk before' }, Buffer.from('{}'), { partition: 0, offset: 0, key: null })
  const [event, none] = chunkOf(1, 7)
  t.equal(none, undefined)
  t.match(event, { uid: `${EVENT.uid} 7`, client: EVENT.client, groupId: `${EVENT.client}:1` })
  t.equal(event?.item.start, 0)
  t.strictSame(JSON.parse(`{${jsonOf(event!.members)}}`).MessageBody, JSON.stringify({ ...EVENT, uid: `${EVENT.uid} 7` }))
})

t.test('no event is an answer too', async t => {
  t.strictSame(chunkOf(0), [])
})

t.test('8,000 events, each the last of its chunk, hold their own bytes and no more', async t => {
  const collect = collector()
  const kept: EncodedEvent[] = []
  collect()
  const before = memory()
  for (let chunk = 0; chunk < 8_000; chunk++) {
    const event = chunkOf(50, chunk * 50)[chunk % 50]!
    event.detach()
    kept.push(event)
  }
  collect()
  const bytesAnEvent = (memory() - before) / kept.length
  t.ok(bytesAnEvent < 4_096, `${Math.round(bytesAnEvent)} bytes an event`)
})

function memory (): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

function collector (): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
