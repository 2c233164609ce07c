import { SIZE_BYTES } from './frame-reader.js'
import { ProtocolCursor } from './protocol-cursor.js'

/** https://kafka.apache.org/protocol#The_Messages_OffsetCommit, versions 2 to 9 */
export const OFFSET_COMMIT = 8
const FIRST_VERSION = 2
const LAST_VERSION = 9
const FIRST_FLEXIBLE_VERSION = 8

export interface RequestHeader {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
}

export interface CommittedPartition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface OffsetCommitRequest {
  readonly clientId: string
  readonly groupId: string
  /** Or the member's epoch, with KIP-848. */
  readonly generation: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly partitions: readonly CommittedPartition[]
}

export function readRequestHeader (frame: Buffer): RequestHeader {
  const cursor = new ProtocolCursor(frame, SIZE_BYTES, false)
  return { apiKey: cursor.int16(), version: cursor.int16(), correlationId: cursor.int32() }
}

/** A plain string in every version of the header. */
export function readClientId (frame: Buffer): string {
  return clientIdIn(frame).clientId
}

export function readCorrelationId (answer: Buffer): number {
  return answer.readInt32BE(SIZE_BYTES)
}

/** Throws for a version that is not known here: a fault that silently did nothing would prove nothing. */
export function readOffsetCommit (frame: Buffer): OffsetCommitRequest {
  const { version, cursor, clientId, groupId } = openRequest(frame)
  const generation = cursor.int32()
  const memberId = cursor.string() ?? ''
  const groupInstanceId = version >= 7 ? cursor.string() : null
  if (version <= 4) cursor.int64() // retention
  const topics = cursor.array(() => {
    const topic = cursor.string() ?? ''
    const partitions = cursor.array(() => {
      const committed = { topic, partition: cursor.int32(), offset: cursor.int64() }
      if (version >= 6) cursor.int32() // epoch of the leader
      cursor.string() // metadata
      cursor.skipTags()
      return committed
    })
    cursor.skipTags()
    return partitions
  })
  return { clientId, groupId, generation, memberId, groupInstanceId, partitions: topics.flat() }
}

/** Makes the broker refuse the request, in place: it names a generation that the group never had. */
export function spoilGeneration (frame: Buffer): void {
  const { cursor } = openRequest(frame)
  frame.writeInt32BE(cursor.int32() + 1_000_000, cursor.position - 4)
}

/** The error code of each partition, in the order of the answer. */
export function readErrorCodes (answer: Buffer, version: number): number[] {
  return errorPlaces(answer, version).map(place => answer.readInt16BE(place))
}

/** Gives every partition of an answer this error code, in place. */
export function rewriteErrorCodes (answer: Buffer, version: number, code: number): void {
  for (const place of errorPlaces(answer, version)) answer.writeInt16BE(code, place)
}

function openRequest (frame: Buffer): { readonly version: number, readonly cursor: ProtocolCursor, readonly clientId: string, readonly groupId: string } {
  const { version } = readRequestHeader(frame)
  const flexible = isFlexible(version)
  const { clientId, end } = clientIdIn(frame)
  const cursor = new ProtocolCursor(frame, end, flexible)
  cursor.skipTags()
  return { version, cursor, clientId, groupId: cursor.string() ?? '' }
}

function clientIdIn (frame: Buffer): { readonly clientId: string, readonly end: number } {
  const cursor = new ProtocolCursor(frame, SIZE_BYTES + 8, false)
  return { clientId: cursor.string() ?? '', end: cursor.position }
}

function errorPlaces (answer: Buffer, version: number): number[] {
  const cursor = new ProtocolCursor(answer, SIZE_BYTES + 4, isFlexible(version))
  cursor.skipTags()
  if (version >= 3) cursor.int32() // throttle time
  return cursor.array(() => {
    cursor.string() // topic
    const places = cursor.array(() => {
      cursor.int32() // partition
      const place = cursor.position
      cursor.int16()
      cursor.skipTags()
      return place
    })
    cursor.skipTags()
    return places
  }).flat()
}

function isFlexible (version: number): boolean {
  if (version < FIRST_VERSION || version > LAST_VERSION) throw new Error(`OffsetCommit version ${version} is not known here; versions ${FIRST_VERSION} to ${LAST_VERSION} are`)
  return version >= FIRST_FLEXIBLE_VERSION
}
