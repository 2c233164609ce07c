import { workerData } from 'node:worker_threads'
import { type RoutedMessages } from '../src/pipelines/routing/routed-messages.js'
import { RoutingChunks, type RoutingChunksOptions } from '../src/pipelines/routing/routing-chunks.js'
import { moved } from '../src/validation/moved.js'
import { type ChunkTask, serveChunk } from '../src/validation/serve-chunk.js'

/** The doorway of the validation pool into the routing pipeline. */
const chunks = new RoutingChunks(workerData as RoutingChunksOptions)

export default (task: ChunkTask): unknown => {
  const answer = serveChunk(task, chunks)
  return moved(answer, [(answer.valid as RoutedMessages).bytes])
}
