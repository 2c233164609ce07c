import { join } from 'node:path'
import { type RoutingPlace } from './environment.js'
import { type DemoService } from './service.js'

/** For `--keep`: where everything is, and what to type to see further records arrive. */
export function renderRoutingNextSteps ({ brokers, registryUrl }: RoutingPlace, service: DemoService, files: { dir: string, ledger: string }): string {
  return `
Everything stays up, with all that was written.
  Kafka            ${brokers}
  schema registry  ${registryUrl}/subjects
  service          ${service.adminUrl}/metrics  /ready  /live
  logs             ${join(files.dir, 'logs')}
  ledger           ${files.ledger}

Send some more records, as a producer would:
  KAFKA_BROKERS=${brokers} SCHEMA_REGISTRY_URL=${registryUrl} npm run penstock -- produce --pipeline routing \\
    --origin-service-type financial --origin-service-id 123456 --destinations FINANCE,marketing --count 8 --interval 1s

and see them counted:
  curl -s ${service.adminUrl}/metrics | grep settled_records

What runs, and the end of it:
  npm run penstock -- stack status
  npm run penstock -- stack down
`
}
