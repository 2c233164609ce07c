import t from 'tap'
import { int16, int32, int64, text as plain } from '../../../src/stack/kafka-wire.js'
import { CommitFaults } from '../../faults/harness/kafka-proxy/commit-faults.js'
import { FrameReader } from '../../faults/harness/kafka-proxy/frame-reader.js'
import { OFFSET_COMMIT, readCorrelationId, readErrorCodes, readOffsetCommit, readRequestHeader, rewriteErrorCodes, spoilGeneration } from '../../faults/harness/kafka-proxy/offset-commit.js'

const REQUEST = {
  clientId: 'penstock',
  groupId: 'group',
  generation: 7,
  memberId: 'member-ü',
  groupInstanceId: null,
  partitions: [
    { topic: 'events', partition: 0, offset: 5_000_000_000 },
    { topic: 'events', partition: 3, offset: 12 },
    { topic: 'x', partition: 1, offset: 1 }
  ]
}

for (const version of [2, 3, 6, 7, 8, 9]) {
  t.test(`A commit of version ${version} is read, and refused by nothing but its generation`, t => {
    const frame = encodeRequest(version)
    t.same(readRequestHeader(frame), { apiKey: OFFSET_COMMIT, version, correlationId: 4711 })
    t.same(readOffsetCommit(frame), { ...REQUEST, groupInstanceId: version >= 7 ? 'static-1' : null })
    spoilGeneration(frame)
    t.same(readOffsetCommit(frame), { ...REQUEST, groupInstanceId: version >= 7 ? 'static-1' : null, generation: 1_000_007 })
    t.end()
  })

  t.test(`The error codes of an answer of version ${version} are replaced, and nothing else of it`, t => {
    const answer = encodeAnswer(version, [0, 0, 0])
    t.equal(readCorrelationId(answer), 4711)
    t.same(readErrorCodes(answer, version), [0, 0, 0])
    rewriteErrorCodes(answer, version, 27)
    t.same(answer, encodeAnswer(version, [27, 27, 27]))
    t.end()
  })
}

t.test('A version that is not known is refused loudly', t => {
  t.throws(() => readOffsetCommit(encodeRequest(10)), /version 10 is not known/)
  t.end()
})

t.test('Frames are found in a stream, however it is cut', t => {
  const frames = [encodeRequest(9), encodeAnswer(3, [0]), encodeRequest(2)]
  const stream = Buffer.concat(frames)
  for (const step of [1, 3, 7, 64, stream.length]) {
    const reader = new FrameReader()
    const found: Buffer[] = []
    for (let at = 0; at < stream.length; at += step) found.push(...reader.push(stream.subarray(at, at + step)))
    t.same(found, frames, `in pieces of ${step} bytes`)
  }
  t.end()
})

t.test('Faults meet one commit each, in the order in which they were armed', t => {
  const faults = new CommitFaults()
  faults.arm({ kind: 'refuse', code: 22 }, 2)
  faults.arm({ kind: 'drop-answer' })
  t.same([1, 2, 3, 4].map(() => faults.meet(REQUEST).fault?.kind), ['refuse', 'refuse', 'drop-answer', undefined])
  t.same([faults.left, faults.hits, faults.commits.length], [0, 3, 4])
  t.end()
})

/** https://kafka.apache.org/protocol#The_Messages_OffsetCommit */
function encodeRequest (version: number): Buffer {
  const { text, list, tags } = encoding(version)
  const partition = (index: number, offset: number): Buffer => Buffer.concat([int32(index), int64(offset), ...version >= 6 ? [int32(-1)] : [], text(''), tags])
  return frame([
    int16(OFFSET_COMMIT), int16(version), int32(4711), plain('penstock'), tags,
    text(REQUEST.groupId), int32(REQUEST.generation), text(REQUEST.memberId), ...version >= 7 ? [text('static-1')] : [], ...version <= 4 ? [int64(-1)] : [],
    list([
      Buffer.concat([text('events'), list([partition(0, 5_000_000_000), partition(3, 12)]), tags]),
      Buffer.concat([text('x'), list([partition(1, 1)]), tags])
    ]), tags
  ])
}

/** Two topics, the last with one partition. */
function encodeAnswer (version: number, codes: readonly number[]): Buffer {
  const { text, list, tags } = encoding(version)
  const partitions = codes.map((code, index) => Buffer.concat([int32(index), int16(code), tags]))
  return frame([
    int32(4711), tags, ...version >= 3 ? [int32(0)] : [],
    list([Buffer.concat([text('events'), list(partitions.slice(0, -1)), tags]), Buffer.concat([text('x'), list(partitions.slice(-1)), tags])]), tags
  ])
}

/** Of the flexible versions: lengths are one more, as varints (one byte here), and structures end with their tagged fields. */
function encoding (version: number) {
  if (version < 8) return { text: plain, list: (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items]), tags: Buffer.alloc(0) }
  const tag = Buffer.from([1, 5, 2, 0xff, 0xff]) // one field, number 5, of 2 bytes
  return {
    text: (value: string) => Buffer.concat([Buffer.from([Buffer.byteLength(value) + 1]), Buffer.from(value)]),
    list: (items: readonly Buffer[]) => Buffer.concat([Buffer.from([items.length + 1]), ...items]),
    tags: tag
  }
}

function frame (parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length), body])
}
