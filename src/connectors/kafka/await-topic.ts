import { type TopicDescription } from './admin.js'
import { type Asking, askUntilAnswered } from './ask-until-answered.js'

export interface AwaitedTopic extends TopicDescription {
  /** It was missing before: all that is in it came since. */
  readonly isNew: boolean
}

/** Waits until the topic is there. Never rejects; `undefined` when the signal aborts first. `missing` is told with every look that does not find it. */
export async function awaitTopic (asking: Asking, topic: string, missing: (waitedMs: number) => void): Promise<AwaitedTopic | undefined> {
  let isNew = false
  return await askUntilAnswered(asking, async (admin, waitedMs) => {
    const [found] = await admin.describeTopics([topic])
    if (found !== undefined) return { ...found, isNew }
    isNew = true
    missing(waitedMs)
    return undefined
  })
}
