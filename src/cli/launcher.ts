#!/usr/bin/env node
/**
 * The `penstock` binary. `run` goes into processes of its own, because some settings of Node and libuv only hold when
 * they are there before it starts; every other command runs right here.
 */
import { UsageError } from '../errors.js'
import { loadConfig } from '../service/config/load-config.js'
import { PIPELINE_NAMES, type PipelineName } from '../service/config/pipelines.js'
import { EXIT } from './exit-codes.js'
import { supervise } from './supervise.js'

const args = process.argv.slice(2)
const [command, name] = args
const pipeline = PIPELINE_NAMES.find(known => known === name)

if (command === 'run' && pipeline !== undefined && args.length === 2) {
  process.exitCode = await launch(pipeline)
} else {
  const { main } = await import('./penstock.js')
  await main(args)
}

async function launch (pipeline: PipelineName): Promise<number> {
  try {
    return await supervise(args, loadConfig(process.env, pipeline).config)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    return EXIT.usage
  }
}
