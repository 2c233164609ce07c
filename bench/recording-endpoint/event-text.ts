/** What tells one event from another: its uid, and its other fields in one string, as row and message both hold them. */
export interface EventMark {
  readonly uid: string
  readonly fields: string
}

/** A record as it was handed over to the retry queue. */
export interface HandOverMark {
  readonly partition: number
  readonly offset: number
  readonly uid: string | undefined
}

/** Read without the service's own code: a judge does not share its mistakes. `undefined`: no event. */
export function markOfEvent (text: string): EventMark | undefined {
  const event = parseObject(text)
  if (typeof event?.['uid'] !== 'string') return undefined
  return { uid: event['uid'], fields: fieldsOf(event['context'], event['event_type'], event['created_at']) }
}

export function fieldsOf (context: unknown, eventType: unknown, createdAt: unknown): string {
  return `${String(createdAt)} ${String(eventType)} ${String(context)}`
}

/** `undefined`: not the service's envelope. */
export function markOfHandOver (body: string): HandOverMark | undefined {
  const envelope = parseObject(body)
  if (envelope?.['v'] !== 1) return undefined
  const { partition, offset, value } = envelope
  return { partition: Number(partition), offset: Number(offset), uid: typeof value === 'string' ? markOfEvent(value)?.uid : undefined }
}

/** Of the event in a message, or in the envelope around it. */
export function uidOf (body: string): string | undefined {
  return markOfEvent(body)?.uid ?? markOfHandOver(body)?.uid
}

function parseObject (text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
