import { join } from 'node:path'
import { createKafka, type KafkaOptions, type KafkaServer } from '../../../../src/stack/kafka.js'
import { findFreePort, LOOPBACK } from '../../../../src/stack/ports.js'
import { createTestFolder, type TestScope } from '../../../helpers/stack.js'
import { KafkaProxy } from './kafka-proxy.js'

/** A real broker that every client reaches through the proxy: `brokers` are the proxy's. Ends with the test. */
export async function startProxiedKafka (
  t: TestScope, properties: NonNullable<KafkaOptions['properties']> = {}
): Promise<{ readonly kafka: KafkaServer, readonly proxy: KafkaProxy, readonly brokers: string }> {
  const dir = createTestFolder(t)
  const [port, controllerPort, proxyPort] = await Promise.all([findFreePort(), findFreePort(), findFreePort()])
  const proxy = await KafkaProxy.listen(proxyPort, port)
  t.teardown(() => proxy.close())
  const brokers = `${LOOPBACK}:${proxyPort}`
  const kafka = createKafka({
    dir, logFile: join(dir, 'kafka.log'), port, controllerPort, defaultPartitions: 1, properties: { ...properties, 'advertised.listeners': `PLAINTEXT://${brokers}` }
  })
  t.teardown(() => kafka.stop())
  await kafka.start()
  return { kafka, proxy, brokers }
}
