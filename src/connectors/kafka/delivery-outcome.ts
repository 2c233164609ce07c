import rdkafka from 'node-rdkafka'
import { environment, type Outcome, poison, transient } from '../../engine/outcome.js'
import { type DeliveryFailure, GIVEN_UP } from './shipment.js'

const {
  ERR_MSG_SIZE_TOO_LARGE, ERR_INVALID_RECORD, ERR_INVALID_TIMESTAMP, ERR__UNKNOWN_TOPIC, ERR_UNKNOWN_TOPIC_OR_PART, ERR__UNKNOWN_PARTITION,
  ERR_TOPIC_EXCEPTION, ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CLUSTER_AUTHORIZATION_FAILED
} = rdkafka.CODES.ERRORS

/** The message itself can not be taken; its neighbours can. */
export function blamesMessage ({ code }: DeliveryFailure): boolean {
  return code === ERR_MSG_SIZE_TOO_LARGE || code === ERR_INVALID_RECORD || code === ERR_INVALID_TIMESTAMP
}

/** What a failed delivery means for its record. `scope`: whether a sick topic is all that the stage writes to. */
export function outcomeOfDelivery (failure: DeliveryFailure, topic: string, scope: 'stage' | 'key'): Outcome {
  const { code, message } = failure
  if (failure === GIVEN_UP) return transient('ABORTED', message)
  switch (code) {
    case ERR_MSG_SIZE_TOO_LARGE:
      return poison('MESSAGE_TOO_LARGE', message)
    case ERR_INVALID_RECORD:
    case ERR_INVALID_TIMESTAMP:
      return poison('REFUSED', message)
    case ERR__UNKNOWN_TOPIC:
    case ERR_UNKNOWN_TOPIC_OR_PART:
    case ERR__UNKNOWN_PARTITION:
      return environment(scope, 'NOT_FOUND', `the topic ${topic} does not exist`)
    case ERR_TOPIC_EXCEPTION:
      return environment(scope, 'MISCONFIGURED', `${topic}: ${message}`)
    case ERR_TOPIC_AUTHORIZATION_FAILED:
      return environment(scope, 'ACCESS_DENIED', `no right to write to ${topic}`)
    case ERR_CLUSTER_AUTHORIZATION_FAILED:
      return environment('stage', 'ACCESS_DENIED', `no right to write to ${topic}`)
    default:
      return transient('UNKNOWN', message)
  }
}
