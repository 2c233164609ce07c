import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { clientQueueName } from '../../connectors/sqs/definition.js'
import { type DemoPlace } from './environment.js'
import { type DemoService } from './service.js'

const CLIENT = 'Client_B'

/** For `--keep`: where everything is, and what to type to see a further event arrive. */
export function renderNextSteps (place: DemoPlace, service: DemoService, files: { dir: string, ledger: string, eventsFile: string | undefined }): string {
  const { eventsFile } = files
  return `
Everything stays up. The proof has emptied the queues; rows and dead letters are still there.
  Kafka            ${place.brokers}
${place.connectUrl === undefined ? '' : `  Kafka Connect    ${place.connectUrl}/connectors\n`}  DynamoDB Local   ${place.dynamodbEndpoint}
  ElasticMQ        ${place.sqsEndpoint}
  service          ${service.adminUrl}/metrics  /ready  /live
  logs             ${join(files.dir, 'logs')}
${eventsFile === undefined ? '' : `  events file      ${eventsFile}\n`}  ledger           ${files.ledger}

Send one more event:
  ${eventsFile === undefined ? produceCommand(place) : `echo '${exampleEvent()}' >> ${quote(eventsFile)}`}

and see it in its client's queue${eventsFile === undefined ? '' : ' (Kafka Connect looks at the file once a second)'}:
  curl -s '${place.sqsEndpoint}/000000000000/${clientQueueName(CLIENT)}?Action=ReceiveMessage&WaitTimeSeconds=10'

A line with the same uid and text again within 5 minutes is no new message: the queue drops it.

What runs, and the end of it:
  npm run penstock -- stack status
  npm run penstock -- stack down
`
}

function exampleEvent (): string {
  return JSON.stringify({
    uid: randomUUID(),
    context: 'monitoramento',
    event_type: 'INSERT',
    client: CLIENT,
    created_at: new Date().toISOString()
  })
}

/** The seed makes it another event than those of the demo; few, so that one of them is this client's. */
function produceCommand ({ brokers }: DemoPlace): string {
  return `KAFKA_BROKERS=${brokers} npm run penstock -- produce --to kafka --count 20 --seed ${Date.now() % 1_000_000_000}`
}

function quote (path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll('\'', '\'\\\'\'')}'`
}
