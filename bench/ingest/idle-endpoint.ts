import { fastify } from 'fastify'
import { systemClock } from '../../src/engine/clock.js'
import { startIngestServer } from '../../src/ingest/ingest-server.js'
import { Tenants } from '../../src/ingest/tenants.js'

/**
 * `nothing`: the same endpoint that does nothing; it reads the body and answers as the service would. `no-log`: that of
 * the service, with a log that has every event at once.
 */
const start = { nothing: startNothing, 'no-log': startWithoutLog }[process.argv[2] ?? 'nothing'] ?? startNothing
process.stdout.write(`${JSON.stringify({ url: `${await start()}/events` })}\n`)
process.on('SIGTERM', () => { process.exit(0) })

async function startNothing (): Promise<string> {
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(['application/json', 'application/x-ndjson'], { parseAs: 'buffer' }, (_request, bytes, done) => { done(null, bytes) })
  app.put('/events', async (_request, reply) => await reply.code(202).type('application/json').send('{"id":"evt_00000000000000000000000000000000"}'))
  return await app.listen({ host: '127.0.0.1', port: 0 })
}

async function startWithoutLog (): Promise<string> {
  const { url } = await startIngestServer({
    host: '127.0.0.1',
    port: 0,
    topic: 'event-log',
    log: { append: (_records, told) => { told('appended') } },
    tenants: new Tenants([], systemClock),
    maxBodyBytes: 1024 * 1024,
    maxBatchEvents: 1_000,
    maxConnections: 10_000,
    requestTimeoutMs: 10_000,
    clock: systemClock,
    observer: { answered: () => {}, accepted: () => {}, failed: () => {} }
  })
  return url
}
