type Environment = Readonly<Record<string, string>>

export interface GroupMode {
  /** As a part of names and titles. */
  readonly name: 'range' | 'cooperative-sticky' | 'kip-848'
  readonly knobs: Environment
}

/**
 * Every way in which a group of services shares out its partitions. With KIP-848 the broker's session timeout rules;
 * `KAFKA_SESSION_TIMEOUT_MS` must not be longer, so both are set to the same.
 */
export function groupModes (sessionTimeoutMs: number): readonly GroupMode[] {
  const session = { KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs) }
  return [
    { name: 'range', knobs: { ...session, KAFKA_ASSIGNMENT_STRATEGY: 'range' } },
    { name: 'cooperative-sticky', knobs: { ...session, KAFKA_ASSIGNMENT_STRATEGY: 'cooperative-sticky' } },
    { name: 'kip-848', knobs: { ...session, KAFKA_GROUP_PROTOCOL: 'consumer' } }
  ]
}

/** Properties of the broker for groups of this session timeout. */
export function groupProperties (sessionTimeoutMs: number): Readonly<Record<string, number>> {
  return {
    'group.consumer.session.timeout.ms': sessionTimeoutMs,
    'group.consumer.heartbeat.interval.ms': Math.max(500, Math.floor(sessionTimeoutMs / 6))
  }
}
