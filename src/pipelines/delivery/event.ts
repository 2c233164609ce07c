/**
 * An event as the log keeps it: the value of its record, as JSON in UTF-8, under its user's id as the key. The same bytes
 * are the body of every request that delivers it.
 */
export interface DeliveryEvent {
  /** Unique, and the same for every delivery of the event: receivers tell repetitions by it. At most 256 printable ASCII characters without `.`. */
  readonly id: string
  readonly tenant: string
  readonly user_id: string
  readonly payload: string
  /** RFC 3339, UTC. */
  readonly received_at: string
}

export function encodeEvent ({ id, tenant, user_id: userId, payload, received_at: receivedAt }: DeliveryEvent): Buffer {
  return Buffer.from(JSON.stringify({ id, tenant, user_id: userId, payload, received_at: receivedAt }))
}
