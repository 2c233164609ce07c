import { type TopicPartition } from '../../engine/intake.js'

export function includes (partitions: readonly TopicPartition[], { topic, partition }: TopicPartition): boolean {
  return partitions.some(other => other.partition === partition && other.topic === topic)
}

export function without (partitions: readonly TopicPartition[], removed: readonly TopicPartition[]): TopicPartition[] {
  return partitions.filter(partition => !includes(removed, partition))
}
