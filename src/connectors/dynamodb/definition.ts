import { type CreateTableCommandInput } from '@aws-sdk/client-dynamodb'

/** Partition key of every row: the event's uid. */
export const TABLE_KEY = 'UUID'

/** The attribute that DynamoDB's time to live would read; off until somebody sets both. */
export const TTL_ATTRIBUTE = 'ttl'

/**
 * The table of the events pipeline, as `penstock create` makes it. resource/cloudformation/table.yaml says the same to
 * CloudFormation, and a test holds the two equal.
 */
export function tableDefinition (name: string): CreateTableCommandInput {
  return {
    TableName: name,
    AttributeDefinitions: [{ AttributeName: TABLE_KEY, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: TABLE_KEY, KeyType: 'HASH' }],
    // On demand: throughput follows the load, and there is nothing to size.
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    SSESpecification: { Enabled: true },
    Tags: [{ Key: 'Environment', Value: 'Production' }]
  }
}
