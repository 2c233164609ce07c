import { type CommittableOffset } from '../../engine/intake.js'

/** A line of the client's own log: some things it says nowhere else. */
interface ClientLogLine {
  readonly fac: string
  readonly message: string
}

/** What the client must be told to write, so that the lines below are in its log: some five a second at most. */
export const DEBUG_CONTEXTS = 'cgrp,metadata'

/** Of a topic that the client has just met. */
const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The position that the client gave up since the log does not hold it, and where it went on. */
export interface OffsetReset extends CommittableOffset {
  readonly to: 'beginning' | 'end'
}

/** Why a connection failed: `[thrd:host:1/bootstrap]: host:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)` */
export function connectionFailure (line: unknown): string | undefined {
  if (!isLine(line, 'FAIL')) return undefined
  return withoutThread(line).replace(/ \(after \d+ms in state .*$/, '')
}

/** `[thrd:main]: events [0]: offset reset (at offset 50 (leader epoch -1), broker 1) to offset BEGINNING (leader epoch -1): fetch failed due to …` */
export function offsetReset (line: unknown): OffsetReset | undefined {
  if (!isLine(line, 'OFFSET')) return undefined
  const [, topic, partition, offset, to] = /^(\S+) \[(\d+)\]: offset reset \(at offset (\d+) .*?\) to (?:cached BEGINNING offset )?offset (BEGINNING|END|\d+)/.exec(withoutThread(line)) ?? []
  return topic === undefined ? undefined : { topic, partition: Number(partition), offset: Number(offset), to: to === 'END' ? 'end' : 'beginning' }
}

/** `Group "g": current assignment of 4 partition(s) lost: …`: others may own the partitions already. */
export function tellsOfLoss (line: unknown): boolean {
  return isLine(line, 'LOST') && /current assignment of \d+ partition\(s\) lost/.test(line.message)
}

/** `[thrd:main]: Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id: …`. A poll that brings records swallows it. */
export function fatalError (line: unknown): string | undefined {
  if (!isLine(line, 'FATAL')) return undefined
  return /^Fatal error: (.*)$/.exec(withoutThread(line))?.[1]
}

/** Which topic was deleted and created again: `Topic events changed id from RXbFgyzmR3uzOdCJeCG5Ug to 4lSQ8osYQAi/NE4UqZP59Q` */
export function replacedTopic (line: unknown): string | undefined {
  if (!isLine(line, 'METADATA')) return undefined
  const [, topic, before] = /^Topic (\S+) changed id from (\S+) to /.exec(withoutThread(line)) ?? []
  return before === NO_TOPIC_ID ? undefined : topic
}

/** `Topic events does not exist, allowing 29000ms for metadata propagation before marking topic as non-existent` */
export function tellsOfMissingTopic (line: unknown): boolean {
  return isLine(line, 'TOPICPROP') && line.message.includes(' does not exist')
}

function isLine (line: unknown, facility: string): line is ClientLogLine {
  return typeof line === 'object' && line !== null && 'fac' in line && line.fac === facility && 'message' in line && typeof line.message === 'string'
}

function withoutThread ({ message }: ClientLogLine): string {
  return message.replace(/^\[thrd:[^\]]*\]: /, '')
}
