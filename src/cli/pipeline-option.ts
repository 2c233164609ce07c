import { Option } from 'commander'
import { PIPELINE_NAMES, type PipelineName } from '../service/config/pipelines.js'

/** Which pipeline a command is about; all of them, unless it names those it knows. */
export function pipelineOption (names: readonly PipelineName[] = PIPELINE_NAMES): Option {
  return new Option('--pipeline <name>', 'which pipeline').choices(names).default('events')
}
