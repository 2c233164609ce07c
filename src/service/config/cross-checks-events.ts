import { type Findings, type IsSet, limitProblems, retryLimits } from './cross-checks.js'
import { type EventsConfig } from './load-config.js'

/**
 * SQS drops a repeated message for 5 minutes; what is sent again later than this may be delivered twice, so a record
 * must have left for the retry queue before.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
 */
const LONGEST_STAY_MS = 240_000

/** What no knob can tell alone, in the events pipeline. */
export function crossCheckEvents (config: EventsConfig, isSet: IsSet): Findings {
  const { aws, retry, sqs } = config
  const problems = limitProblems([
    ...retryLimits(config),
    ['AWS_CONNECT_TIMEOUT_MS', aws.connectTimeoutMs, 'AWS_REQUEST_TIMEOUT_MS', aws.requestTimeoutMs, 'a call includes its connection'],
    ['AWS_REQUEST_TIMEOUT_MS', aws.requestTimeoutMs * 2, 'RETRY_VISIBILITY_MS', retry.visibilityMs, 'a message must stay hidden for two calls']
  ])
  if (retry.holdMaxMs + retry.inPlaceMs > LONGEST_STAY_MS) {
    problems.push(`HOLD_MAX_MS: with RETRY_IN_PLACE_MS it is above ${LONGEST_STAY_MS} ms, but SQS forgets a message after 5 minutes; for example HOLD_MAX_MS=120000`)
  }
  return {
    problems: [...problems, ...namingProblems(config)],
    warnings: sqs.order === 'strict' && isSet('RETRY_QUEUE') ? ['RETRY_QUEUE has no effect with SQS_ORDER=strict: a failed record stays in place'] : []
  }
}

function namingProblems ({ events, sqs }: EventsConfig): string[] {
  const problems: string[] = []
  if (events.deadLetterTopic === events.topic) {
    problems.push(`DEAD_LETTER_TOPIC: is the topic the events come from; for example DEAD_LETTER_TOPIC=${events.topic}.dead-letters`)
  }
  const strangers = Object.keys(sqs.queueUrls).filter(client => !events.clients.includes(client))
  if (strangers.length > 0) {
    problems.push(`SQS_QUEUE_URLS: names ${strangers.join(', ')}, not in EVENTS_CLIENTS; for example EVENTS_CLIENTS=${[...events.clients, ...strangers].join(',')}`)
  }
  return problems
}
