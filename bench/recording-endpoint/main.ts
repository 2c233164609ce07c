/**
 * The recording endpoint as a process of its own: `node main.js [port] [count|full]`. Prints one JSON line with its
 * `url` when it listens, and ends when its standard input does, so that it never outlives the process that started it.
 */
import { startRecordingEndpoint } from './recording-endpoint.js'

const [port = '0', mode = 'full'] = process.argv.slice(2)
const endpoint = await startRecordingEndpoint({ port: Number(port), mode: mode === 'count' ? 'count' : 'full' })
process.stdout.write(`${JSON.stringify({ url: endpoint.url })}\n`)
process.stdin.resume()
process.stdin.on('end', () => { process.exit(0) })
