/**
 * The partition that Kafka's Java client chooses for a key: 32-bit MurmurHash2 without its sign, modulo the partitions.
 * https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/utils/Utils.java (`murmur2`)
 */
export function javaPartition (key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7FFFFFFF) % partitions
}

const SEED = 0x9747B28C
const MULTIPLIER = 0x5BD1E995

function murmur2 (bytes: Buffer): number {
  const whole = bytes.length & ~3
  let hash = SEED ^ bytes.length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  if (bytes.length > whole) {
    for (let at = whole; at < bytes.length; at++) hash ^= (bytes[at] ?? 0) << (8 * (at - whole))
    hash = Math.imul(hash, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
