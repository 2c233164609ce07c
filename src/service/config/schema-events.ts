import { fileURLToPath } from 'node:url'
import { Computed, file, list, string } from './knob.js'

/** https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/internals/Topic.java */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html */
const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/
/** A queue's name has at most 80 characters, `.fifo` included. */
const CLIENT_NAME = /^[a-zA-Z0-9_-]{1,75}$/

const OWN_SCHEMA = fileURLToPath(new URL('../../../../resource/schema.json', import.meta.url))

export const eventsKnobs = {
  topic: string('EVENTS_TOPIC', {
    description: 'Topic the events come from.',
    default: 'stream_producer',
    pattern: TOPIC_NAME,
    patternSays: 'a topic name'
  }),
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
  deadLetterTopic: string('DEAD_LETTER_TOPIC', {
    description: 'Topic for the records that can not be processed.',
    default: new Computed('`<EVENTS_TOPIC>.dead-letters`', (_machine, valueOf) => `${String(valueOf('EVENTS_TOPIC'))}.dead-letters`),
    example: 'stream_producer.dead-letters',
    pattern: TOPIC_NAME,
    patternSays: 'a topic name'
  })
}
