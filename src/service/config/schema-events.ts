import { fileURLToPath } from 'node:url'
import { Computed, file, list, string } from './knob.js'
import { deadLetterTopic, sourceTopic } from './schema-kafka.js'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html */
const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/
/** A queue's name has at most 80 characters, `.fifo` included. */
const CLIENT_NAME = /^[a-zA-Z0-9_-]{1,75}$/

const OWN_SCHEMA = fileURLToPath(new URL('../../../../resource/schema.json', import.meta.url))

export const eventsKnobs = {
  topic: sourceTopic('EVENTS_TOPIC', 'Topic the events come from.', 'stream_producer'),
  clients: list('EVENTS_CLIENTS', {
    description: 'Clients that have a queue each. An event of any other client goes to the dead letters. Fixed at start.',
    default: ['Client_A', 'Client_B', 'Client_C', 'Client_D'],
    item: CLIENT_NAME,
    itemSays: 'a client name (letters, digits, - and _; at most 75)'
  }),
  schemaFile: file('EVENTS_SCHEMA', {
    description: 'JSON Schema (draft-07, 2019-09 or 2020-12) that every event must pass.',
    default: new Computed('resource/schema.json of the project', () => OWN_SCHEMA),
    example: './resource/schema.json'
  }),
  table: string('EVENTS_TABLE', {
    description: 'DynamoDB table the events are stored in.',
    default: 'pismo',
    pattern: TABLE_NAME,
    patternSays: 'a table name'
  }),
  deadLetterTopic: deadLetterTopic('EVENTS_TOPIC', 'stream_producer.dead-letters')
}
