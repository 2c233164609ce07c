import t from 'tap'
import { connectionFailure, toClientError } from '../../../../src/connectors/kafka/client-error.js'

t.test('Errors that stop consumption are told from those that pass', async t => {
  t.equal(toClientError({ message: 'all broker connections are down' }).kind, 'blocking')
  t.equal(toClientError({ message: 'Local: All broker connections are down' }).kind, 'blocking')
  t.equal(toClientError({ message: 'Broker: Unknown topic or partition' }).kind, 'blocking')
  t.equal(toClientError({ message: 'maximum application poll interval (max.poll.interval.ms) exceeded' }).kind, 'polled-too-late')
  t.equal(toClientError({ message: 'fatal error' }).kind, 'fatal')
  t.equal(toClientError({ message: 'broker transport failure' }).kind, 'passing')
})

t.test('A line of the client\'s log gives the reason of a failed connection, without its place in the client', async t => {
  t.equal(
    connectionFailure({ fac: 'FAIL', message: '[thrd:a:1/bootstrap]: a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)' }),
    'a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused'
  )
  t.equal(connectionFailure({ fac: 'CONNECT', message: 'x' }), undefined)
  t.equal(connectionFailure(undefined), undefined)
})
