/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const BATCH_WRITE_MAX_ITEMS = 25

/**
 * A call may have 16 MB as sent, in which JSON can write one byte of an item as six. Capped at half of it, a call
 * fits whatever its items hold: see `wireBytes` in `row.ts`.
 */
export const BATCH_WRITE_MAX_BYTES = 8 * 1024 * 1024

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
export const ITEM_MAX_BYTES = 400 * 1024

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys */
export const PARTITION_KEY_MAX_BYTES = 2048
