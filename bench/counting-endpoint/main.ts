/**
 * The counting endpoint as a process of its own: `node main.js <delayMs> <failShare> [certificate file]`. With a file it speaks TLS
 * and writes there what its clients must trust. Prints one JSON line with its `url` and `plainUrl` when it listens, and ends when its
 * standard input does, so that it never outlives the process that started it.
 */
import { writeFileSync } from 'node:fs'
import { startCountingEndpoint } from './counting-endpoint.js'
import { createSelfSigned } from './self-signed.js'

const [delayMs = '0', failShare = '0', certificateFile] = process.argv.slice(2)
const certificate = certificateFile === undefined ? undefined : createSelfSigned()
if (certificateFile !== undefined && certificate !== undefined) writeFileSync(certificateFile, certificate.certificate)
const endpoint = await startCountingEndpoint({ delayMs: Number(delayMs), failShare: Number(failShare), certificate })
process.stdout.write(`${JSON.stringify({ url: endpoint.url, plainUrl: endpoint.plainUrl })}\n`)
process.stdin.resume()
process.stdin.on('end', () => { process.exit(0) })
