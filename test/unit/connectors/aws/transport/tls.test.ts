import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createPlainServer } from 'node:net'
import { join } from 'node:path'
import { type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { createSelfSigned } from '../../../../../bench/counting-endpoint/self-signed.js'

const CLIENT = fileURLToPath(new URL('./tls-client.js', import.meta.url))
const { key, certificate } = createSelfSigned('penstock test')
const trusted = join(t.testdir(), 'ca.pem')
writeFileSync(trusted, certificate)

/** By each transport: what came of two writes in turn. */
async function writesTo (url: string, variables: Readonly<Record<string, string>> = {}): Promise<Record<string, string[]>> {
  const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', ...variables }
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, url], { env })
  return JSON.parse(stdout) as Record<string, string[]>
}

const handshakes: boolean[] = []
const server = createServer({ key, cert: certificate }, (request, response) => {
  handshakes.push((request.socket as TLSSocket).isSessionReused())
  request.resume().on('end', () => { response.writeHead(200, { connection: 'close' }).end('{}') })
})
server.listen(0)
await once(server, 'listening')
const { port } = server.address() as AddressInfo
t.teardown(() => { server.close() })

t.test('a certificate is trusted as Node is told to, and sessions are resumed', async t => {
  t.strictSame(await writesTo(`https://127.0.0.1:${port}`, { NODE_EXTRA_CA_CERTS: trusted }), { signed: ['done', 'done'], sdk: ['done', 'done'] })
  t.strictSame(handshakes.slice(0, 2), [false, true])
})

t.test('a certificate that nobody vouches for is refused, as by the SDK', async t => {
  t.strictSame(await writesTo(`https://127.0.0.1:${port}`), { signed: ['UNAVAILABLE', 'UNAVAILABLE'], sdk: ['UNAVAILABLE', 'UNAVAILABLE'] })
})

t.test('a certificate of another host is refused, as by the SDK', async t => {
  t.strictSame(await writesTo(`https://localhost:${port}`, { NODE_EXTRA_CA_CERTS: trusted }), { signed: ['UNAVAILABLE', 'UNAVAILABLE'], sdk: ['UNAVAILABLE', 'UNAVAILABLE'] })
})

t.test('a server that speaks no TLS, or ends in the middle of it, fails as with the SDK', async t => {
  for (const greeting of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
    const plain = createPlainServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => { socket.end(greeting) })
    })
    plain.listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { signed, sdk } = await writesTo(`https://127.0.0.1:${(plain.address() as AddressInfo).port}`)
    t.strictSame(signed, sdk, `${greeting}: ${sdk?.join() ?? ''}`)
    plain.close()
  }
})
