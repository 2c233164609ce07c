import { hash } from 'node:crypto'
// `import { type … }` would load the SDK, and this is loaded by the workers too.
import type { MessageAttributeValue } from '@aws-sdk/client-sqs'
import { type Fragment, fragmentOf } from '../aws/fragment.js'

/** One message for a FIFO queue, ready to be sent. A repeated send uses the very same entry, so that the queue can drop it. */
export interface Entry {
  /** The members of its object in SendMessageBatch but the `Id`: `"MessageBody":"…","MessageGroupId":"…",…` */
  readonly members: Fragment
  /** What it adds to a call as SQS counts: the body, and attributes with their name, type and value. */
  readonly bytes: number
  /** MD5 of the body in hexadecimal digits, which the answer repeats: it guards against damage on the way, no more. */
  readonly md5: string
}

export interface Message {
  readonly body: string
  readonly groupId: string
  readonly deduplicationId: string
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>
}

export function encodeEntry ({ body, groupId, deduplicationId, attributes }: Message): Entry {
  const members = JSON.stringify({
    MessageBody: body,
    MessageGroupId: groupId,
    MessageDeduplicationId: deduplicationId,
    ...(attributes === undefined ? {} : { MessageAttributes: attributes })
  })
  return {
    members: fragmentOf(members.slice(1, -1)),
    bytes: Buffer.byteLength(body) + attributesBytes(attributes ?? {}),
    md5: hash('md5', body)
  }
}

function attributesBytes (attributes: Readonly<Record<string, MessageAttributeValue>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value.DataType ?? '') + Buffer.byteLength(value.StringValue ?? '')
  }
  return bytes
}
