import { type TopicDescription, type TopicPlan } from '../connectors/kafka/admin.js'
import { type Asking, askUntilAnswered } from '../connectors/kafka/ask-until-answered.js'

/** Of a topic that is made at start. `penstock create` lets them be chosen. */
export const NEW_TOPIC_PARTITIONS = 12

/** What was there; `undefined` of a topic that is made. */
export type EnsuredTopic = { readonly existing: TopicDescription | undefined, readonly brokers: number }

/**
 * Makes the topic unless it is there, as soon as the brokers are; a topic that a producer finds missing would be made
 * by the brokers, with their own retention. Never rejects; `undefined` when the signal aborts first.
 */
export async function ensureEventLog (asking: Asking, plan: TopicPlan): Promise<EnsuredTopic | undefined> {
  return await askUntilAnswered(asking, async admin => {
    const brokers = (await admin.brokers()).length
    const [existing] = await admin.describeTopics([plan.name])
    if (existing !== undefined) return { existing, brokers }
    // Another process may have been faster, with a plan of its own.
    return { existing: await admin.createTopic(plan) === 'existed' ? (await admin.describeTopics([plan.name]))[0] : undefined, brokers }
  })
}
