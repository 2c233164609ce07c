import { UsageError } from '../../errors.js'
import { type EventKey } from '../../generator/produce-events.js'
import { type ProduceControls, type ProduceSummary } from '../../generator/produce-records.js'
import { type PipelineName } from '../../service/config/pipelines.js'

/** Those whose records are made and sent straight to their topic. */
export const PRODUCED_PIPELINES = ['events', 'routing'] as const satisfies readonly PipelineName[]
export type ProducedPipeline = typeof PRODUCED_PIPELINES[number]

/** The options of `penstock produce`. */
export interface ProduceFlags {
  readonly pipeline: ProducedPipeline
  readonly count: number
  readonly rate?: number
  /** ms */
  readonly interval?: number
  readonly invalid: number
  readonly invalidKinds?: string[]
  readonly seed: number
  readonly topic?: string
  readonly ledger?: string
  readonly resume?: boolean
  readonly listKinds?: boolean
  readonly to?: 'kafka'
  // Events
  readonly extras: number
  readonly toFile?: string
  readonly key: EventKey
  readonly from?: string
  readonly force?: boolean
  // Routing
  readonly originServiceType: string
  readonly originServiceId: string
  readonly origins: number
  readonly destinations?: string[]
  readonly fanOut: number
}

/** Makes and sends the records of one pipeline. */
export type Produce = (flags: ProduceFlags, countIsDefault: boolean, controls: ProduceControls) => Promise<ProduceSummary>

/** Options that mean nothing to a pipeline. */
const FOREIGN: Readonly<Record<ProducedPipeline, ReadonlyArray<keyof ProduceFlags>>> = {
  events: ['originServiceType', 'originServiceId', 'origins', 'destinations', 'fanOut'],
  routing: ['extras', 'toFile', 'key', 'from', 'force']
}

/** Throws UsageError when an option was given that the pipeline has no use for, or two that contradict each other. */
export function refuseForeign (flags: ProduceFlags, isGiven: (flag: keyof ProduceFlags) => boolean): void {
  const foreign = FOREIGN[flags.pipeline].filter(isGiven).map(flag => `--${flag.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`)
  if (foreign.length > 0) throw new UsageError(`These options are not for --pipeline ${flags.pipeline}: ${foreign.join(', ')}`)
  if (flags.rate !== undefined && flags.interval !== undefined) throw new UsageError('--rate and --interval say the same: use one of them')
}

export function ratePerSecond ({ rate, interval }: ProduceFlags): number | undefined {
  return interval === undefined ? rate : 1_000 / interval
}
