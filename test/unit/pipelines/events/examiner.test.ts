import t from 'tap'
import { jsonOf } from '../../../../src/connectors/aws/fragment.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { type Verdict } from '../../../../src/engine/examiner.js'
import { INVALID_KINDS } from '../../../../src/generator/invalid-kinds.js'
import { makeEvent, withExtras } from '../../../../src/generator/valid-event.js'
import { Random } from '../../../../src/generator/random.js'
import { type EncodedEvent } from '../../../../src/pipelines/events/encoded-events.js'
import { createEventsExaminer, type EventsExaminerOptions } from '../../../../src/pipelines/events/examiner.js'
import { EXAMINE_OPTIONS, recordOf } from '../../../fixtures/events.js'
import { EVENT } from '../../../fixtures/event.js'

const OPTIONS: EventsExaminerOptions = { ...EXAMINE_OPTIONS, threads: 1, timeoutMs: 2_000, retryTimeoutMs: 4_000, clock: systemClock }

const NEIGHBOURS = Array.from({ length: 6 }, (_, index) => Buffer.from(withExtras(makeEvent(new Random(1, index), index), new Random(2, index))))

/** What would be sent of a valid event. */
function sentOf (verdict: Verdict<EncodedEvent>): string {
  return verdict.class === 'poison' ? verdict.code : `${jsonOf(verdict.payload.item)} ${jsonOf(verdict.payload.members)}`
}

t.test('poison at the first, a middle and the last place leaves its neighbours as they are', async t => {
  const pool = createEventsExaminer(OPTIONS)
  const inline = createEventsExaminer({ ...OPTIONS, threads: 0 })
  t.teardown(() => pool.close())
  const untouched = (await inline.examine(NEIGHBOURS.map(value => recordOf(value)))).map(sentOf)
  for (const kind of INVALID_KINDS) {
    if (kind.name === 'fifty-megabytes') continue
    const poison = recordOf(kind.make(EVENT))
    for (const place of [0, 3, 6]) {
      const verdicts = await pool.examine(NEIGHBOURS.map(value => recordOf(value)).toSpliced(place, 0, poison))
      t.match(verdicts[place], { class: 'poison', code: kind.expected }, `${kind.name} at ${place}`)
      t.same(verdicts.toSpliced(place, 1).map(sentOf), untouched, `neighbours of ${kind.name} at ${place}`)
    }
  }
})

t.test('a regular expression of the schema that does not end costs its record and no other', async t => {
  const schema = { properties: { uid: { type: 'string', pattern: '^(a+)+$' } } }
  const examiner = createEventsExaminer({ ...OPTIONS, schema, timeoutMs: 200, retryTimeoutMs: 400 })
  t.teardown(() => examiner.close())
  const values = ['aaa', `${'a'.repeat(50)}!`, 'aa'].map(uid => recordOf(JSON.stringify({ ...EVENT, uid })))
  t.match(await examiner.examine(values), [{ class: 'valid' }, { class: 'poison', code: 'VALIDATION_TIMEOUT' }, { class: 'valid' }])
})

t.test('a schema that can not be honoured is refused before any thread starts', async t => {
  t.throws(() => createEventsExaminer({ ...OPTIONS, schema: { requird: [] } }), { name: 'UsageError' })
})
