import { createRequire } from 'node:module'
import rdkafka from 'node-rdkafka'
import t from 'tap'
import { deliveryCode, toClientError } from '../../../../src/connectors/kafka/client-error.js'

t.test('Errors that stop consumption are told from those that pass', async t => {
  t.equal(toClientError({ message: 'all broker connections are down' }).kind, 'blocking')
  t.equal(toClientError({ message: 'Local: All broker connections are down' }).kind, 'blocking')
  t.equal(toClientError({ message: 'Broker: Unknown topic or partition' }).kind, 'blocking')
  t.equal(toClientError({ message: 'maximum application poll interval (max.poll.interval.ms) exceeded' }).kind, 'polled-too-late')
  t.equal(toClientError({ message: 'fatal error' }).kind, 'fatal')
  t.equal(toClientError({ message: 'broker transport failure' }).kind, 'passing')
})

t.test('A failed delivery has its code again, by the very text that this version of the client has for it', async t => {
  const { err2str } = createRequire(import.meta.url)('node-rdkafka/librdkafka.js') as { err2str (code: number): string }
  const {
    ERR__FATAL, ERR__PURGE_QUEUE, ERR__PURGE_INFLIGHT, ERR_MSG_SIZE_TOO_LARGE, ERR__UNKNOWN_TOPIC, ERR_UNKNOWN_TOPIC_OR_PART,
    ERR__UNKNOWN_PARTITION, ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CLUSTER_AUTHORIZATION_FAILED, ERR_INVALID_RECORD, ERR_INVALID_TIMESTAMP,
    ERR_TOPIC_EXCEPTION
  } = rdkafka.CODES.ERRORS
  for (const code of [
    ERR__FATAL, ERR__PURGE_QUEUE, ERR__PURGE_INFLIGHT, ERR_MSG_SIZE_TOO_LARGE, ERR__UNKNOWN_TOPIC, ERR_UNKNOWN_TOPIC_OR_PART,
    ERR__UNKNOWN_PARTITION, ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CLUSTER_AUTHORIZATION_FAILED, ERR_INVALID_RECORD, ERR_INVALID_TIMESTAMP,
    ERR_TOPIC_EXCEPTION
  ]) {
    t.equal(deliveryCode({ code: -1, message: err2str(code) }), code, err2str(code))
    t.equal(deliveryCode({ code: -1, message: err2str(code).replace(/^\w+: /, '').toLowerCase() }), code)
  }
  t.equal(deliveryCode({ code: -1, message: 'request timed out' }), -1)
})
