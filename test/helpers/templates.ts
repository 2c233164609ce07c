import { readFileSync } from 'node:fs'
import { type CreateTableCommandInput, type Tag } from '@aws-sdk/client-dynamodb'
import { parse } from 'yaml'
import { type QueueDefinition } from '../../src/connectors/sqs/definition.js'

export interface TemplateResource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
}

/** The resources of a CloudFormation template of this project. The templates use no intrinsic functions. */
export function readTemplate (name: 'table' | 'queues' | 'retry-queue'): Readonly<Record<string, TemplateResource>> {
  const text = readFileSync(new URL(`../../../resource/cloudformation/${name}.yaml`, import.meta.url), 'utf8')
  return (parse(text) as { Resources: Record<string, TemplateResource> }).Resources
}

/** What CloudFormation would ask of DynamoDB: it spells two settings otherwise than the API. */
export function tableOf (resource: TemplateResource | undefined): { input: CreateTableCommandInput, timeToLive: unknown } {
  if (resource?.Type !== 'AWS::DynamoDB::Table') throw new Error('no table')
  const { TimeToLiveSpecification: timeToLive, StreamSpecification: stream, SSESpecification: encryption, ...same } = resource.Properties as TableProperties
  return {
    input: {
      ...same,
      StreamSpecification: { StreamEnabled: true, StreamViewType: stream.StreamViewType },
      SSESpecification: { Enabled: encryption.SSEEnabled }
    },
    timeToLive
  }
}

/** What CloudFormation would ask of SQS: every attribute is text there. */
export function queueOf (resource: TemplateResource | undefined): QueueDefinition {
  if (resource?.Type !== 'AWS::SQS::Queue') throw new Error('no queue')
  const { QueueName: name, Tags: tags, ...attributes } = resource.Properties as { QueueName: string, Tags: Tag[] }
  return {
    name,
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
    tags: Object.fromEntries(tags.map(tag => [tag.Key ?? '', tag.Value ?? '']))
  }
}

type TableProperties = Omit<CreateTableCommandInput, 'StreamSpecification' | 'SSESpecification'> & {
  readonly TimeToLiveSpecification: unknown
  readonly StreamSpecification: { readonly StreamViewType: 'NEW_AND_OLD_IMAGES' }
  readonly SSESpecification: { readonly SSEEnabled: boolean }
}
