import { CreateQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand, type QueueAttributeName, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { type QueueDefinition } from '../../connectors/sqs/definition.js'
import { describeAwsError } from '../aws-error.js'
import { type Step } from './step.js'

/** Creates the queue unless it is there. One that is there with other attributes is changed only if `update` says so. */
export async function createQueue (client: SQSClient, definition: QueueDefinition, update: boolean): Promise<Step> {
  const step = { kind: 'queue', name: definition.name } as const
  try {
    const url = await findQueue(client, definition.name)
    if (url === undefined) {
      const created = await client.send(new CreateQueueCommand({
        QueueName: definition.name, Attributes: { ...definition.attributes }, tags: { ...definition.tags }
      }))
      return { ...step, result: 'created', detail: created.QueueUrl ?? '' }
    }
    const differences = attributeDifferences(definition.attributes, await readAttributes(client, url))
    if (differences.length === 0) return { ...step, result: 'existed', detail: url }
    const detail = differences.map(({ name, found, wanted }) => `${name} is ${found}, defined as ${wanted}`).join('; ')
    if (!update) return { ...step, result: 'differs', detail: `${detail}; --update changes it` }
    const attributes = Object.fromEntries(differences.map(({ name, wanted }) => [name, wanted]))
    await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }))
    return { ...step, result: 'changed', detail }
  } catch (error) {
    const { detail, remedy } = describeAwsError(error, 'AWS_ENDPOINT_URL_SQS')
    return { ...step, result: 'failed', detail: `${detail}; ${remedy}` }
  }
}

/** Its URL, or `undefined` when there is no such queue. */
export async function findQueue (client: SQSClient, name: string): Promise<string | undefined> {
  try {
    const { QueueUrl: url } = await client.send(new GetQueueUrlCommand({ QueueName: name }))
    return url
  } catch (error) {
    if (error instanceof Error && (error.name === 'QueueDoesNotExist' || error.name.endsWith('NonExistentQueue'))) return undefined
    throw error
  }
}

export async function readAttributes (client: SQSClient, url: string): Promise<Readonly<Record<string, string>>> {
  const names: QueueAttributeName[] = ['All']
  const { Attributes: attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names }))
  return attributes ?? {}
}

export interface AttributeDifference {
  readonly name: string
  readonly found: string
  readonly wanted: string
}

/** Attributes that are known to be otherwise. An emulator leaves out those it does not have: nothing can be said of them. */
export function attributeDifferences (wanted: Readonly<Record<string, string>>, found: Readonly<Record<string, string>>): AttributeDifference[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const actual = found[name]
    return actual === undefined || actual === value ? [] : [{ name, found: actual, wanted: value }]
  })
}
