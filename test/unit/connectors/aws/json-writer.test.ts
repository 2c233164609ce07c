import fc from 'fast-check'
import t from 'tap'
import { JsonWriter } from '../../../../src/connectors/aws/json-writer.js'

const writer = new JsonWriter()

function written (write: (json: JsonWriter) => void): string {
  write(writer)
  return Buffer.from(writer.take()).toString()
}

t.test('a string is written as JSON writes it, whatever its characters', async t => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => { t.equal(written(json => { json.string(text) }), JSON.stringify(text)) }), { numRuns: 500, seed: 1 })
  for (let code = 0; code < 0x1_0000; code++) {
    const text = `${String.fromCharCode(code)}a`
    if (written(json => { json.string(text) }) !== JSON.stringify(text)) t.fail(code.toString(16))
  }
})

t.test('a whole number is written as JSON writes it, up to the largest', async t => {
  const numbers = Array.from({ length: 16 }, (_, power) => [10 ** power - 1, 10 ** power, 10 ** power + 1]).flat()
  for (const number of [...numbers, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]) {
    let digits = 0
    t.equal(written(json => { digits = json.integer(number) }), String(number))
    t.equal(digits, String(number).length)
  }
})

t.test('a JSON text is quoted as JSON writes a string', async t => {
  fc.assert(fc.property(fc.json({ depthSize: 'medium', stringUnit: 'binary' }), fc.constantFrom('', ' ', '\t', '\r\n'), (value, space) => {
    const text = JSON.stringify(JSON.parse(value), null, space)
    t.equal(written(json => { json.quote(Buffer.from(text)) }), JSON.stringify(text))
  }), { numRuns: 500, seed: 2 })
})

t.test('a gap is filled later, also when memory has grown meanwhile', async t => {
  const long = 'x'.repeat(2_000_000)
  t.equal(written(json => {
    json.ascii('<')
    const gap = json.gap(5)
    json.ascii('>')
    json.string(long)
    json.fill(gap, 'later')
  }), `<later>"${long}"`)
})

t.test('memory grows with what is written, and what is taken has just its size', async t => {
  const json = new JsonWriter()
  const pieces = [1, 100, 900_000, 1_000_000, 3_000_000, 10].map(size => 'é"\\'.repeat(Math.ceil(size / 3)))
  for (const piece of pieces) {
    json.string(piece)
    json.raw(Buffer.from(','))
    json.quote(Buffer.from(JSON.stringify(piece)))
    json.ascii(',')
  }
  const expected = pieces.map(piece => `${JSON.stringify(piece)},${JSON.stringify(JSON.stringify(piece))},`).join('')
  t.equal(json.length, Buffer.byteLength(expected))
  const taken = json.take()
  t.equal(taken.byteLength, Buffer.byteLength(expected))
  t.ok(Buffer.from(taken).equals(Buffer.from(expected)))
})

t.test('after taking or clearing, the writer begins anew and leaves alone what it gave', async t => {
  const json = new JsonWriter()
  json.string('first')
  const first = Buffer.from(json.take())
  json.string('dropped')
  json.clear()
  t.equal(json.length, 0)
  json.string('second')
  t.equal(Buffer.from(json.take()).toString(), '"second"')
  t.equal(first.toString(), '"first"')
})
