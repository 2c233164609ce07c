import { startIngest } from '../ingest/start.js'
import { startDestinations } from '../pipelines/delivery/start.js'
import { type RunEnd, type RunningPipeline, type Service } from '../pipelines/common/run-pipeline.js'
import { type DeliveryConfig } from '../service/config/load-config.js'

/** Starts what `DELIVERY_PARTS` names. */
export async function startDelivery (config: DeliveryConfig, service: Service): Promise<RunningPipeline> {
  const { parts } = config.delivery
  const running: RunningPipeline[] = []
  if (parts !== 'destinations') running.push(await startIngest(config, service))
  if (parts !== 'ingest') running.push(...startDestinations(config, service))
  return join(running)
}

/** Ends as one: when a part ends by itself, the others drain. The worst end is the end of all. */
export function join (parts: readonly RunningPipeline[]): RunningPipeline {
  const stop = (): void => { for (const part of parts) part.stop() }
  const ends = parts.map(async part => {
    const end = await part.ended
    stop()
    return end
  })
  return {
    ended: Promise.all(ends).then(all => WORST_FIRST.find(end => all.includes(end)) ?? 'drained'),
    stop,
    abort: () => { for (const part of parts) part.abort() }
  }
}

const WORST_FIRST: readonly RunEnd[] = ['failed', 'cut', 'drained']
