/** Loaded with `--import` into every process of a service: its look-ups go to the name server of a test. */
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'

const servers = [process.env['FAULTS_NAME_SERVER'] ?? '']

Reflect.set(dns, 'Resolver', class extends dns.Resolver {
  constructor (options?: ConstructorParameters<typeof dns.Resolver>[0]) {
    super(options)
    this.setServers(servers)
  }
})
syncBuiltinESMExports()
