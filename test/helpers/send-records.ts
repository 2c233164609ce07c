import { KafkaTarget, type KafkaTargetOptions } from '../../src/generator/kafka-target.js'
import { type BaseEntry, type LedgerWriter, type Place } from '../../src/generator/ledger.js'
import { type MadeRecord } from '../../src/generator/record.js'

export interface SendOptions<R extends MadeRecord> extends KafkaTargetOptions<R> {
  readonly ledger: LedgerWriter
  toEntry (record: R, place: Place): BaseEntry
}

/** Sends these very records, in their order, and writes the ledger, which it closes. */
export async function sendRecords<R extends MadeRecord> (records: readonly R[], { ledger, toEntry, ...to }: SendOptions<R>): Promise<void> {
  const failures: string[] = []
  const target = await KafkaTarget.connect<R>(to, (record, result) => {
    if (result instanceof Error) failures.push(`record ${record.index} (${record.kind}): ${result.message}`)
    else ledger.append(toEntry(record, result))
  })
  for (const record of records) await target.write(record)
  await target.flush()
  await target.close()
  await ledger.close()
  if (failures.length > 0) throw new Error(`${failures.length} records were not produced; the first: ${failures[0]}`)
}
