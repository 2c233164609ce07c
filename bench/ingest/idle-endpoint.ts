import { fastify } from 'fastify'

/** The same endpoint that does nothing: it reads the body and answers as the service would. Ends with its input. */
const app = fastify()
app.removeAllContentTypeParsers()
app.addContentTypeParser<Buffer>(['application/json', 'application/x-ndjson'], { parseAs: 'buffer' }, (_request, bytes, done) => { done(null, bytes) })
app.put('/events', async (_request, reply) => await reply.code(202).type('application/json').send('{"id":"evt_00000000000000000000000000000000"}'))
await app.listen({ host: '127.0.0.1', port: 0 })
const address = app.server.address()
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/events` })}\n`)
process.on('SIGTERM', () => { process.exit(0) })
