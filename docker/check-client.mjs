// @ts-check
/** Fails a build of the image whose Kafka client does not load, or was compiled without TLS, SASL or a compression. */
import { absentFeatures, clientFeatures, clientVersion } from '../dist/src/connectors/kafka/features.js'

const absent = absentFeatures()
console.log(`librdkafka ${clientVersion}: ${clientFeatures.join(', ')}`)
for (const { feature, remedy } of absent) console.error(`It lacks ${feature}. Remedy: ${remedy}`)
if (absent.length > 0) process.exitCode = 1
