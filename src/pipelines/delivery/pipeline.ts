import { type DestinationClient } from '../../connectors/http/destination-client.js'
import { createDeliveryStage } from '../../connectors/http/delivery-stage.js'
import { createSignWebhook } from '../../connectors/http/webhook-signature.js'
import { createDeadLetterStage } from '../../connectors/kafka/dead-letter-stage.js'
import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { type Clock } from '../../engine/clock.js'
import { type EngineLimits } from '../../engine/engine-options.js'
import { Engine } from '../../engine/engine.js'
import { type Examiner } from '../../engine/examiner.js'
import { type Incidents, type Observer } from '../../engine/observer.js'
import { type DeliveryDestination } from '../../service/config/delivery-destination.js'
import { engineLimits, type LimitSettings } from '../common/engine-limits.js'
import { type DeliverableEvent } from './examine.js'

export interface DeliverySystems {
  readonly examiner: Examiner<DeliverableEvent>
  readonly client: Pick<DestinationClient, 'send'>
  readonly deadLetters: Pick<DeliveryProducer, 'deliver'>
}

/**
 * The road of an event to one destination: examined, sent, and done when the destination said so. Its user's next event
 * waits for its end, other users' go on. What the destination refuses, and what failed in all its sends, goes to the
 * destination's dead letters. An event of a tenant that is none of the destination's is done at once.
 */
export function createDeliveryEngine (
  destination: DeliveryDestination, settings: Pick<LimitSettings, 'kafka' | 'flow'>, systems: DeliverySystems,
  deps: { clock: Clock, random: () => number, observer: Observer, incidents: Incidents }
): Engine<DeliverableEvent> {
  const { name, tenants, concurrency, ratePerSecond, retryAfterMaxMs, signingSecrets, deadLetterTopic } = destination
  const requests = createDeliveryStage<DeliverableEvent>({
    name,
    client: systems.client,
    sign: createSignWebhook(signingSecrets),
    concurrency,
    ratePerSecond,
    retryAfterMaxMs,
    clock: deps.clock,
    laneOf: flight => flight.payload.lane,
    idOf: flight => flight.payload.id
  })

  return new Engine<DeliverableEvent>({
    examiner: systems.examiner,
    branches: tenants === undefined ? undefined : event => tenants.includes(event.tenant) ? undefined : NOWHERE,
    stages: [requests],
    deadLetters: createDeadLetterStage({ producer: systems.deadLetters, topic: deadLetterTopic }),
    retryQueue: undefined,
    ...deps,
    limits: deliveryLimits(destination, settings)
  })
}

const NOWHERE: readonly DeliverableEvent[] = []
/** What is held stays where it is, however long. */
const NO_RETRY_QUEUE = { creditShare: 0, holdMaxMs: Infinity }

/** Attempts are counted in sends, those of an open breaker too: it paces them, and takes none away. */
function deliveryLimits (destination: DeliveryDestination, { kafka, flow }: Pick<LimitSettings, 'kafka' | 'flow'>): EngineLimits {
  const { retries, onExhausted, backoffBaseMs, backoffMaxMs, breakerFailures, breakerProbeMaxMs } = destination
  const retry = { maxAttempts: onExhausted === 'block' ? Infinity : 1 + retries, inPlaceMs: 0, backoffBaseMs, backoffMaxMs, ...NO_RETRY_QUEUE }
  return {
    ...engineLimits({ kafka, flow, retry }),
    breaker: { failedCalls: breakerFailures, probeMaxMs: breakerProbeMaxMs, probesBurnAttempts: true }
  }
}
