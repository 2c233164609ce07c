/** Ways in which a store and the ledger can disagree, with what each says to people. */
export const DIFFERENCES = {
  'not-in-topic': 'produced according to the ledger, but not in the topic',
  'topic-phantom': 'in the topic, but not in the ledger',
  'topic-repeat': 'in the topic more often than the ledger says',
  'row-missing': 'no row in the table',
  'row-wrong': 'the row is not that of the newest event of its uid',
  'row-repeat': 'more than one row for a uid',
  'row-phantom': 'a row that no valid event stands for',
  'message-missing': 'no message in the queue of its client',
  'message-wrong-queue': 'a message in the queue of another client',
  'message-repeat': 'a message more often than it was produced',
  'message-phantom': 'a message whose body is that of no valid event',
  'order-inverted': 'accepted by the queue after a later event of its partition',
  'output-missing': 'no message in the topic of a destination',
  'output-wrong-topic': 'a message in the topic of another destination',
  'output-repeat': 'more than one message of a record for a destination',
  'output-phantom': 'a message whose origin is no valid record for its destination',
  'output-fields': 'a message that can not be read, or with other fields than its record asks for',
  'output-key': 'a message with another key than its record',
  'output-headers': 'a message with other headers than its record, its origin left out',
  'output-partition': 'a message in another partition than the Java client would choose for its key',
  'output-inverted': 'written after a later record of its key',
  'delivery-missing': 'an event that a destination neither took nor refused as often as it may',
  'delivery-letter': 'not taken and without a dead letter, or taken and with one',
  'delivery-attempts': 'sent more or less often than its destination asks for',
  'delivery-repeat': 'sent again after its end',
  'delivery-inverted': 'sent before the end of an earlier event of its user',
  'delivery-phantom': 'a request whose id is that of no accepted event',
  'delivery-body': 'a request with another body than its event',
  'delivery-signature': 'a request whose signature is not that of its destination\'s secret',
  'letter-missing': 'an invalid record without a dead letter',
  'letter-reason': 'a dead letter with another reason than expected',
  'letter-bytes': 'a dead letter with other bytes than its record',
  'letter-key': 'a dead letter with another key than its record',
  'letter-headers': 'a dead letter with other headers than its record',
  'letter-repeat': 'more than one dead letter for a record',
  'letter-phantom': 'a dead letter whose origin is no invalid record',
  'offset-behind': 'the committed offset is not the end of its partition',
  'retry-left': 'messages are left in the retry queue'
} as const

export type DifferenceKind = keyof typeof DIFFERENCES

export interface Difference {
  readonly kind: DifferenceKind
  readonly count: number
  /** The first few, in words. */
  readonly examples: readonly string[]
}

const MAX_EXAMPLES = 5

/** Counts differences and keeps the first few of each kind: bounded, however much is wrong. */
export class Differences {
  readonly #found = new Map<DifferenceKind, { count: number, examples: string[] }>()

  add (kind: DifferenceKind, example: string, count = 1): void {
    let found = this.#found.get(kind)
    if (found === undefined) this.#found.set(kind, found = { count: 0, examples: [] })
    found.count += count
    if (found.examples.length < MAX_EXAMPLES) found.examples.push(example)
  }

  list (): Difference[] {
    return [...this.#found].map(([kind, { count, examples }]) => ({ kind, count, examples }))
  }
}
