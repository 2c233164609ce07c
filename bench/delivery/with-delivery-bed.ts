import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalStack } from '../../src/stack/local-stack.js'
import { parseVariantsOf } from '../events/variants.js'
import { type DeliveryBed } from './measure-delivery.js'

/** A Kafka, for as long as `use` takes. */
export async function withDeliveryBed<T> (partitions: number, use: (bed: DeliveryBed) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = await startLocalStack({ dir, servers: ['kafka'] })
  const [variant] = parseVariantsOf('delivery')('tuned')
  try {
    if (variant === undefined) throw new Error('no variant')
    return await use({ brokers: stack.kafka.brokers, dir, partitions, variant, notes: new Set() })
  } finally {
    await stack.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
