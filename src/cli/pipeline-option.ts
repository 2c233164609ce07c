import { Option } from 'commander'
import { PIPELINE_NAMES } from '../service/config/pipelines.js'

/** Which pipeline a command is about. */
export function pipelineOption (): Option {
  return new Option('--pipeline <name>', 'which pipeline').choices(PIPELINE_NAMES).default('events')
}
