import t from 'tap'
import { proxyWarning } from '../../../../src/service/config/proxy-warning.js'

t.test('a proxy that is named is said to have no effect, once', async t => {
  t.strictSame(proxyWarning({ NO_PROXY: 'localhost', HTTPS_PROXY: '' }), [])
  t.match(proxyWarning({ HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'http://proxy:3128' }), [/^HTTPS_PROXY has no effect: .*AWS_ENDPOINT_URL/])
  t.match(proxyWarning({ http_proxy: 'http://proxy:3128' }), [/^http_proxy /])
})
