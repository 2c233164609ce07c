/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const BATCH_WRITE_MAX_ITEMS = 25

/** A call may have 16 MB as sent; what the items leave of it is for the rest of the body. */
export const BATCH_WRITE_MAX_BYTES = 15_000_000

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
export const ITEM_MAX_BYTES = 400 * 1024

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys */
export const PARTITION_KEY_MAX_BYTES = 2048
