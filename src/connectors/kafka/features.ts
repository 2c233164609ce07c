import rdkafka from 'node-rdkafka'
import { type KafkaSettings } from './client-config.js'

/** A part of librdkafka that was left out of this build, since its headers were missing when it was compiled. */
export interface MissingFeature {
  readonly feature: string
  /** What asks for it. */
  readonly neededFor: string
  readonly remedy: string
}

/** The parts a complete build has, and the Debian package with the headers of each. */
const PACKAGES: Readonly<Record<string, string>> = {
  ssl: 'libssl-dev',
  sasl_plain: 'libssl-dev',
  sasl_scram: 'libssl-dev',
  gzip: 'zlib1g-dev',
  zstd: 'libzstd-dev',
  snappy: 'build-essential',
  lz4: 'build-essential'
}

/** What the settings need and this build of the client does not have: a reason not to start. */
export function missingFeatures (settings: KafkaSettings & { readonly compression?: string }, available: readonly string[] = rdkafka.features): MissingFeature[] {
  return neededFeatures(settings)
    .filter(({ feature }) => !available.includes(feature))
    .map(({ feature, neededFor }) => ({ feature, neededFor, remedy: remedyFor(feature) }))
}

/** Everything this build lacks, needed or not: a topic compressed with zstd fails only when it is read. */
export function absentFeatures (available: readonly string[] = rdkafka.features): MissingFeature[] {
  return Object.keys(PACKAGES)
    .filter(feature => !available.includes(feature))
    .map(feature => ({ feature, neededFor: 'nothing that is configured', remedy: remedyFor(feature) }))
}

export const clientVersion: string = rdkafka.librdkafkaVersion
export const clientFeatures: readonly string[] = rdkafka.features

function neededFeatures (settings: KafkaSettings & { readonly compression?: string }): Array<{ feature: string, neededFor: string }> {
  const { securityProtocol, saslMechanism, compression = 'none', properties } = settings
  const needed: Array<{ feature: string, neededFor: string }> = []
  const protocol = `KAFKA_SECURITY_PROTOCOL=${securityProtocol}`
  if (securityProtocol.endsWith('ssl')) needed.push({ feature: 'ssl', neededFor: protocol })
  if (securityProtocol.startsWith('sasl_')) {
    needed.push({ feature: saslMechanism === 'PLAIN' ? 'sasl_plain' : 'sasl_scram', neededFor: `${protocol} with KAFKA_SASL_MECHANISM=${saslMechanism}` })
  }
  if (compression !== 'none') needed.push({ feature: compression, neededFor: `KAFKA_COMPRESSION=${compression}` })
  if (properties['plugin.library.paths'] !== undefined) needed.push({ feature: 'plugins', neededFor: 'plugin.library.paths' })
  return needed
}

function remedyFor (feature: string): string {
  const name = PACKAGES[feature] ?? 'build-essential'
  return `install the package ${name} and build the client again: npm rebuild node-rdkafka`
}
