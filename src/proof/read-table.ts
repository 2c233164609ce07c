import { type DynamoDBClient, ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb'
import { type RowAttributes } from './expected-event.js'

const SEGMENTS = 4

/** Hands every row of the table to `visit`. Holds a page of 1 MB per segment. */
export async function readTable (client: Pick<DynamoDBClient, 'send'>, table: string, visit: (row: RowAttributes) => void): Promise<void> {
  await Promise.all(Array.from({ length: SEGMENTS }, async (_, segment) => {
    let from: ScanCommandOutput['LastEvaluatedKey']
    do {
      const page: ScanCommandOutput = await client.send(new ScanCommand({
        TableName: table, Segment: segment, TotalSegments: SEGMENTS, ConsistentRead: true, ExclusiveStartKey: from
      }))
      page.Items?.forEach(visit)
      from = page.LastEvaluatedKey
    } while (from !== undefined)
  }))
}
