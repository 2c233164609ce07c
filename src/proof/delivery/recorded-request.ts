/** One request as a destination saw it, in the order of their arrival. */
export interface RecordedRequest {
  /** Of the header `webhook-id`. */
  readonly id: string
  readonly body: string
  /** The signature is that of the destination's secret. */
  readonly signed: boolean
  /** What was answered; 0: nothing. */
  readonly status: number
}

/** An event that the ingest answered with 202, in the order they were sent. */
export interface SentEvent {
  readonly id: string
  readonly userId: string
  readonly payload: string
}
