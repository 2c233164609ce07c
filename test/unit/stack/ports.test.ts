import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { canListen, findFreePort, findPortFrom, LOOPBACK } from '../../../src/stack/ports.js'

t.test('a free port can be listened on, and is given out once', async t => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => findFreePort()))
  t.equal(new Set(ports).size, ports.length)
  for (const port of ports) t.ok(await canListen(port), `port ${port}`)
})

t.test('free ports lie below those of outgoing connections', async t => {
  t.ok(await findFreePort() < 32_768)
})

t.test('a known port that is taken is moved to the next one', async t => {
  const server = createServer()
  const taken = await new Promise<number>(resolve => {
    server.listen(0, LOOPBACK, () => resolve((server.address() as AddressInfo).port))
  })
  t.teardown(() => server.close())
  t.equal(await canListen(taken), false)
  t.ok(await findPortFrom(taken) > taken)
})
