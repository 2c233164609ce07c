import { workerData } from 'node:worker_threads'
import { encodeEvents } from '../src/pipelines/events/event-columns.js'
import { compileExamine, type ExamineOptions } from '../src/pipelines/events/examine.js'
import { type ChunkAnswer, type ChunkTask, serveChunk } from '../src/validation/serve-chunk.js'

/** The doorway of the validation pool into the events pipeline. */
const examiner = { examine: compileExamine(workerData as ExamineOptions), encode: encodeEvents }

export default (task: ChunkTask): ChunkAnswer => serveChunk(task, examiner)
