/**
 * `node fill.js <brokers> <topic> <from> <to> [dry]`: produces the valid events of these indexes as fast as they are
 * taken, and prints the fingerprint of their uids. `dry`: only the fingerprint.
 */
import { generateRecord } from '../../src/generator/event-generator.js'
import { UidSum } from '../counting-endpoint/uid-sum.js'
import { produce, VALID } from './produce.js'

const [brokers = '', topic = '', from = '0', to = '0', dry] = process.argv.slice(2)
const uids = new UidSum()
const make = (index: number) => {
  const record = generateRecord(VALID, Number(from) + index)
  uids.add(record.uid ?? '', 0)
  return record
}
const events = Number(to) - Number(from)
if (dry === undefined) await produce({ brokers, topic, events, make })
else for (let index = 0; index < events; index++) make(index)
process.stdout.write(uids.fingerprint)
