import { KafkaAdmin, type TopicPlan } from '../../connectors/kafka/admin.js'
import { type KafkaSettings } from '../../connectors/kafka/client-config.js'
import { describeError } from '../../errors.js'
import { type Step } from './step.js'

/** Creates what is missing. The partitions of a topic that exists are never changed: keys would move. */
export async function createTopics (settings: KafkaSettings, plans: readonly TopicPlan[], timeoutMs: number): Promise<Step[]> {
  let admin: KafkaAdmin
  try {
    admin = await KafkaAdmin.connect(settings, timeoutMs)
  } catch (error) {
    return plans.map(({ name }) => ({ kind: 'topic', name, result: 'failed', detail: describeError(error) }))
  }
  try {
    const steps: Step[] = []
    for (const plan of plans) steps.push(await createTopic(admin, plan))
    return steps
  } finally {
    await admin.close()
  }
}

async function createTopic (admin: KafkaAdmin, plan: TopicPlan): Promise<Step> {
  const step = { kind: 'topic', name: plan.name } as const
  try {
    const [existing] = await admin.describeTopics([plan.name])
    if (existing !== undefined) {
      return { ...step, result: 'existed', detail: `${existing.partitions.length} partitions, ${existing.replicas} replicas` }
    }
    const result = await admin.createTopic(plan)
    return { ...step, result, detail: `${plan.partitions} partitions, ${plan.config['max.message.bytes']} bytes a message` }
  } catch (error) {
    return { ...step, result: 'failed', detail: describeError(error) }
  }
}
