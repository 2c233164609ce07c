import { Computed, integer, type Knob, oneOf, string } from './knob.js'

const MIB = 1024 * 1024

export const validationKnobs = {
  threads: integer('VALIDATION_THREADS', {
    description: 'Worker threads that examine records: parse, validate, encode. 0: on the main thread, without protection from a record that never ends.',
    default: new Computed('cores per process − 1, at least 1', (machine, valueOf) => Math.max(1, Math.floor(machine.cores / Number(valueOf('PROCESSES'))) - 1)),
    example: '3',
    min: 0,
    max: 256
  }),
  timeoutMs: integer('VALIDATION_TIMEOUT_MS', {
    description: 'A thread that makes no progress for this long is replaced, and the record it was at runs alone once more.',
    default: 500,
    unit: 'ms',
    min: 10,
    max: 60_000
  }),
  retryTimeoutMs: integer('VALIDATION_RETRY_TIMEOUT_MS', {
    description: 'How long that record gets alone before it goes to the dead letters.',
    default: 5_000,
    unit: 'ms',
    min: 10,
    max: 60_000
  }),
  maxRecordBytes: integer('MAX_RECORD_BYTES', {
    description: 'Largest value of a record.',
    default: MIB,
    unit: 'bytes',
    min: 1,
    max: 512 * MIB
  })
}

export const jsonKnobs = {
  maxJsonDepth: integer('MAX_JSON_DEPTH', {
    description: 'Deepest nesting of objects and arrays.',
    default: 64,
    min: 1,
    max: 1_000
  }),
  maxJsonKeys: integer('MAX_JSON_KEYS', {
    description: 'Most keys of one record, in all its objects.',
    default: 10_000,
    min: 1,
    max: 10_000_000
  })
}

export const retryKnobs = {
  maxAttempts: integer('MAX_ATTEMPTS', {
    description: 'Passes a record gets in all before it goes to the dead letters; each has its own retries in place.',
    default: 5,
    min: 1,
    max: 100
  }),
  inPlaceMs: integer('RETRY_IN_PLACE_MS', {
    description: 'How long one pass retries a record in place.',
    default: 10_000,
    unit: 'ms',
    min: 0,
    max: 120_000
  }),
  backoffBaseMs: integer('RETRY_BACKOFF_BASE_MS', {
    description: 'Upper bound of the first wait; it doubles with each retry, and the wait is drawn between 0 and the bound.',
    default: 25,
    unit: 'ms',
    min: 1,
    max: 60_000
  }),
  backoffMaxMs: integer('RETRY_BACKOFF_MAX_MS', {
    description: 'Longest wait between two retries.',
    default: 5_000,
    unit: 'ms',
    min: 1,
    max: 600_000
  })
}

export const flowKnobs = {
  chunkRecords: integer('CHUNK_RECORDS', {
    description: 'Most records of one poll, which is one task of the validation pool.',
    default: 500,
    unit: 'records',
    min: 1,
    max: 10_000
  }),
  maxInFlightRecords: maxInFlightRecords(8_000),
  maxInFlightBytes: integer('MAX_IN_FLIGHT_BYTES', {
    description: 'Their bytes. One record is always admitted.',
    default: 64 * MIB,
    unit: 'bytes',
    min: 1_024,
    max: 64 * 1024 * MIB
  }),
  commitIntervalMs: integer('COMMIT_INTERVAL_MS', {
    description: 'Longest time between two commits.',
    default: 500,
    unit: 'ms',
    min: 10,
    max: 600_000
  }),
  commitEveryRecords: integer('COMMIT_EVERY_RECORDS', {
    description: 'Settled records that make a commit due earlier.',
    default: 10_000,
    unit: 'records',
    min: 1,
    max: 10_000_000
  }),
  maxUncommittedSpan: integer('MAX_UNCOMMITTED_SPAN', {
    description: 'Most offsets of one partition between the next to commit and the newest polled.',
    default: 100_000,
    unit: 'records',
    min: 1,
    max: 100_000_000
  }),
  revokeDrainMs: integer('REVOKE_DRAIN_MS', {
    description: 'How long a revoked partition may finish what was started.',
    default: 5_000,
    unit: 'ms',
    min: 0,
    max: 600_000
  }),
  shutdownGraceMs: integer('SHUTDOWN_GRACE_MS', {
    description: 'How long the process may drain after SIGTERM. Kubernetes kills after 30 s by default.',
    default: 25_000,
    unit: 'ms',
    min: 0,
    max: 3_600_000
  }),
  stuckPartitionMs: integer('STUCK_PARTITION_MS', {
    description: 'A partition whose oldest unsettled record is older makes the process not ready.',
    default: 180_000,
    unit: 'ms',
    min: 1_000,
    max: 86_400_000
  }),
  readyHoldMs: integer('READY_HOLD_MS', {
    description: 'A stage that is held for longer makes the process not ready.',
    default: 30_000,
    unit: 'ms',
    min: 0,
    max: 86_400_000
  })
}

export const serviceKnobs = {
  logLevel: oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    description: 'Least level that is logged.',
    default: 'info'
  }),
  adminHost: string('ADMIN_HOST', {
    description: 'Address of `/live`, `/ready` and `/metrics`. In a container: 0.0.0.0.',
    default: '127.0.0.1'
  }),
  adminPort: integer('ADMIN_PORT', {
    description: 'Port of the same; process i of several uses port + i. 0: any free port.',
    default: 9_400,
    min: 0,
    max: 65_535
  })
}

export const processKnobs = {
  processes: integer('PROCESSES', {
    description: 'Processes in the same consumer group. Each has its own threads, memory and admin port.',
    default: 1,
    min: 1,
    max: 64
  }),
  threadPoolSize: integer('UV_THREADPOOL_SIZE', {
    description: 'Threads of libuv: each pending poll of Kafka takes one, DNS and files share the rest. Only the launcher can set it.',
    default: 8,
    min: 4,
    max: 1_024
  })
}

/** Each pipeline has a default of its own: what it needs to fill its calls, and no more. */
export function maxInFlightRecords (fallback: number): Knob<number> {
  return integer('MAX_IN_FLIGHT_RECORDS', {
    description: 'Records between poll and settlement. After a hard kill these are repeated, and what was settled since the last commit or stands above a record that was not.',
    default: fallback,
    unit: 'records',
    min: 1,
    max: 10_000_000
  })
}
