/** Kafka's own choice of a partition for a key, so that embedded and real topics are filled alike. */

/** @param partitions how many the topic has. Source: Apache Kafka, `BuiltInPartitioner.partitionForKey` */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** Source: Apache Kafka, `Utils.murmur2`. */
function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995
  let hash = 0x9747b28c ^ bytes.length
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    let part = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    part = Math.imul(part, multiplier)
    part = Math.imul(part ^ (part >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ part
  }
  const left = bytes.length - at
  if (left >= 3) hash ^= bytes[at + 2] << 16
  if (left >= 2) hash ^= bytes[at + 1] << 8
  if (left >= 1) hash = Math.imul(hash ^ bytes[at], multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
