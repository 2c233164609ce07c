import t from 'tap'
import { proxyWarning } from '../../../../src/service/config/proxy-warning.js'

t.test('a proxy that is named is said to have no effect, once', async t => {
  t.strictSame(proxyWarning({ NO_PROXY: 'localhost', HTTPS_PROXY: '' }, 'calls go past it'), [])
  t.match(proxyWarning({ HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'http://proxy:3128' }, 'calls go past it'), [/^HTTPS_PROXY has no effect: calls go past it$/])
  t.match(proxyWarning({ http_proxy: 'http://proxy:3128' }, ''), [/^http_proxy /])
})
