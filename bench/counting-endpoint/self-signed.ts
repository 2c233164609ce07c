import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** Both as PEM. */
export interface Certificate {
  readonly key: string
  readonly certificate: string
}

const DAY_MS = 24 * 60 * 60 * 1000
/** DER tags: https://luca.ntop.org/Teaching/Appunti/asn1.html; [n] is context-specific and constructed. */
const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0C, time: 0x17, sequence: 0x30, set: 0x31, address: 0x87, version: 0xA0, extensions: 0xA3 }
/** Object identifiers as DER has them. */
const ECDSA_WITH_SHA256 = der(TAG.sequence, oid('2a8648ce3d040302'))
const COMMON_NAME = oid('550403')
const SUBJECT_ALT_NAME = oid('551d11')
const BASIC_CONSTRAINTS = oid('551d13')

/**
 * A certificate for 127.0.0.1 that signs itself, valid for a day: who trusts it, trusts this server and nothing else.
 * Node can make keys but no certificates: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function createSelfSigned (name = 'penstock bench'): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = der(TAG.sequence, der(TAG.set, der(TAG.sequence, COMMON_NAME, der(TAG.utf8, Buffer.from(name)))))
  const toBeSigned = der(TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // positive
    ECDSA_WITH_SHA256,
    issuer,
    der(TAG.sequence, time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    issuer,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, der(TAG.sequence,
      extension(BASIC_CONSTRAINTS, der(TAG.sequence, der(TAG.boolean, Buffer.from([0xFF])))),
      extension(SUBJECT_ALT_NAME, der(TAG.sequence, der(TAG.address, Buffer.from([127, 0, 0, 1]))))
    ))
  )
  const certificate = der(TAG.sequence, toBeSigned, ECDSA_WITH_SHA256, bits(sign('sha256', toBeSigned, privateKey)))
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, certificate: pem(certificate) }
}

function der (tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xFF]
  return Buffer.concat([Buffer.from(head), content])
}

function oid (hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

function extension (id: Buffer, value: Buffer): Buffer {
  return der(TAG.sequence, id, der(TAG.octets, value))
}

function bits (bytes: Buffer): Buffer {
  return der(TAG.bits, Buffer.from([0]), bytes)
}

/** YYMMDDHHMMSSZ */
function time (ms: number): Buffer {
  return der(TAG.time, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))
}

function pem (bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
