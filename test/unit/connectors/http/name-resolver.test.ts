import t, { type Test } from 'tap'
import { createNameResolver } from '../../../../src/connectors/http/name-resolver.js'
import { type NameAnswer, NameServer } from '../../../helpers/name-server.js'

const TIMEOUT_MS = 400

async function look (t: Test, name: string, answerTo: (family: 4 | 6) => NameAnswer): Promise<unknown> {
  const server = await NameServer.start((_name, _asked, family) => answerTo(family))
  t.teardown(() => { server.close() })
  return await createNameResolver({ timeoutMs: TIMEOUT_MS, servers: [server.address] })(name)
}

t.test('all addresses of a name are told, of both families', async t => {
  t.same(await look(t, 'both.example', () => ['127.0.0.1', '::1']), [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }])
  t.same(await look(t, 'one.example', () => ['127.0.0.1']), [{ address: '127.0.0.1', family: 4 }])
})

t.test('a name without an address is told from one of which that is not known', async t => {
  await t.rejects(look(t, 'nowhere.example', () => 'unknown'), { code: 'ENOTFOUND' })
  await t.rejects(look(t, 'empty.example', () => []), { code: 'ENODATA' })
  for (const answer of ['failure', 'silence'] as const) {
    await t.rejects(look(t, 'lost.example', () => answer), { code: 'NAME_LOOKUP_FAILED' }, answer)
    await t.rejects(look(t, 'half.example', family => family === 4 ? [] : answer), { code: 'NAME_LOOKUP_FAILED' }, `${answer} for one family`)
  }
})

t.test('a silent name server is waited for no longer than it may take', async t => {
  const startedAt = performance.now()
  await t.rejects(look(t, 'silent.example', () => 'silence'), { code: 'NAME_LOOKUP_FAILED' })
  t.ok(performance.now() - startedAt >= TIMEOUT_MS / 2)
  t.ok(performance.now() - startedAt < 3 * TIMEOUT_MS)
})
