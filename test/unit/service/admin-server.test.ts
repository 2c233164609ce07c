import t, { type Test } from 'tap'
import { UsageError } from '../../../src/errors.js'
import { type AdminServer, startAdminServer } from '../../../src/service/admin-server.js'
import { Health } from '../../../src/service/health.js'
import { Metrics } from '../../../src/service/metrics/metrics.js'

t.test('/live, /ready and /metrics tell what is', async t => {
  const { url, health } = await start(t)
  t.equal((await fetch(`${url}/live`)).status, 200)
  t.equal((await fetch(`${url}/ready`)).status, 200)
  health.red('kafka', 'secret-broker:9092 is away')
  const response = await fetch(`${url}/ready?verbose=1`)
  t.equal(response.status, 503)
  t.equal(await response.text(), 'not ready: kafka\n', 'the check, not its reason')
  t.equal((await fetch(`${url}/live`)).status, 200, 'alive all the same')
  health.dead('gone')
  t.equal((await fetch(`${url}/live`)).status, 503)
  const metrics = await fetch(`${url}/metrics`)
  t.match(metrics.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(await metrics.text(), /^penstock_settled_records_total 0$/m)
})

t.test('Other paths are 404, other methods 405, HEAD has no body', async t => {
  const { url } = await start(t)
  for (const path of ['/', '/metric', '/constructor', '/ready/x']) t.equal((await fetch(url + path)).status, 404, path)
  const post = await fetch(`${url}/metrics`, { method: 'POST' })
  t.equal(post.status, 405)
  t.equal(post.headers.get('allow'), 'GET, HEAD')
  const head = await fetch(`${url}/ready`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
})

t.test('A port that is taken is a mistake of the operator, with the remedy', async t => {
  const { port } = await start(t)
  const again = startAdminServer({ host: '127.0.0.1', port, health: new Health(), metrics: new Metrics() })
  await t.rejects(again, UsageError)
  await t.rejects(again, { message: new RegExp(`port ${port} of 127.0.0.1 is taken.*ADMIN_PORT=`) })
})

t.test('An address that is not of this machine is a mistake of the operator', async t => {
  await t.rejects(startAdminServer({ host: '192.0.2.1', port: 0, health: new Health(), metrics: new Metrics() }), { message: /ADMIN_HOST/ })
})

t.test('Metrics that can not be collected are a 500, and the server goes on', async t => {
  const server = await startAdminServer({
    host: '127.0.0.1', port: 0, health: new Health(), metrics: { contentType: 'text/plain', render: () => Promise.reject(new Error('broken')) }
  })
  t.teardown(() => server.close())
  t.equal((await fetch(`${server.url}/metrics`)).status, 500)
  t.equal((await fetch(`${server.url}/live`)).status, 200)
})

async function start (t: Test): Promise<AdminServer & { health: Health }> {
  const health = new Health()
  const server = await startAdminServer({ host: '127.0.0.1', port: 0, health, metrics: new Metrics() })
  t.teardown(() => server.close())
  return { ...server, health }
}
