import { UsageError } from '../../errors.js'
import { produceEvents, type ProduceOptions } from '../../generator/produce-events.js'
import { loadConfig } from '../../service/config/load-config.js'
import { type Produce, type ProduceFlags } from './flags.js'

export const produce: Produce = (flags, countIsDefault, controls) => {
  const { count, invalid, invalidKinds, extras, seed, from, force } = flags
  return produceEvents({
    ...controls,
    to: chooseTarget(flags),
    ...(from !== undefined && countIsDefault ? {} : { count }),
    ...(invalidKinds === undefined ? {} : { invalidKinds }),
    ...(from === undefined ? {} : { from }),
    invalidShare: invalid,
    extraShare: extras,
    seed,
    force: force === true
  })
}

function chooseTarget ({ toFile, to, topic, key }: ProduceFlags): ProduceOptions['to'] {
  if ((toFile === undefined) === (to === undefined)) throw new UsageError('Say where to: either --to-file <path> or --to kafka')
  if (toFile !== undefined) return { file: toFile }
  const { config } = loadConfig(process.env, 'events')
  return { kafka: { ...config.kafka, compression: 'lz4' }, topic: topic ?? config.events.topic, key }
}
