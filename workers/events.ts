import { workerData } from 'node:worker_threads'
import { type EncodedEvents } from '../src/pipelines/events/encoded-events.js'
import { EventChunks, type EventChunksOptions } from '../src/pipelines/events/event-chunks.js'
import { moved } from '../src/validation/moved.js'
import { type ChunkTask, serveChunk } from '../src/validation/serve-chunk.js'

/** The doorway of the validation pool into the events pipeline. */
const chunks = new EventChunks(workerData as EventChunksOptions)

export default (task: ChunkTask): unknown => {
  const answer = serveChunk(task, chunks)
  return moved(answer, [(answer.valid as EncodedEvents).bytes])
}
