import { SIZE_BYTES } from './frame-reader.js'
import { ProtocolCursor } from './protocol-cursor.js'

/** https://kafka.apache.org/protocol#The_Messages_Produce, versions 3 to 10 */
export const PRODUCE = 0
const FIRST_VERSION = 3
const LAST_VERSION = 10
const FIRST_FLEXIBLE_VERSION = 9

/** Appended, and then not on enough replicas: the client is to send it again, and the broker knows it then. */
export const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20

/** Gives every partition of an answer this error code, in place. */
export function rewriteProduceError (answer: Buffer, version: number, code: number): void {
  if (version < FIRST_VERSION || version > LAST_VERSION) throw new Error(`Produce version ${version} is not known here; versions ${FIRST_VERSION} to ${LAST_VERSION} are`)
  const cursor = new ProtocolCursor(answer, SIZE_BYTES + 4, version >= FIRST_FLEXIBLE_VERSION)
  cursor.skipTags()
  cursor.array(() => {
    cursor.string() // topic
    cursor.array(() => {
      cursor.int32() // partition
      answer.writeInt16BE(code, cursor.position)
      cursor.int16()
      cursor.int64() // first offset
      cursor.int64() // time of the append
      if (version >= 5) cursor.int64() // first offset of the log
      if (version >= 8) {
        cursor.array(() => {
          cursor.int32() // record
          cursor.string() // what is wrong with it
          cursor.skipTags()
        })
        cursor.string() // what is wrong
      }
      cursor.skipTags()
    })
    cursor.skipTags()
  })
}
