import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { runFlags } from '../src/cli/run-flags.js'
import { startSink } from './events/sink.js'
import { count } from './flags.js'
import { type Figures } from './report.js'
import { type CommonFlags, type Scope } from './scope.js'

interface Flags extends CommonFlags {
  readonly tls?: true
  readonly inFlight: number
}

const CARRIERS = fileURLToPath(new URL('./transport/carriers.js', import.meta.url))

export const scope: Scope<Flags> = {
  summary: 'what a full call costs the service, by what carries it, against an endpoint in another process',
  details: 'A write has 25 rows, a send 10 messages. Bodies are made once for the HTTP clients alone, which sign nothing; the transports begin with rows and entries.',
  options (command) {
    command
      .option('--tls', 'over TLS, with a certificate of the endpoint\'s own')
      .option('--in-flight <calls>', 'calls in flight', count, 16)
  },
  async measure ({ runs, tls = false, inFlight }, progress) {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    const sink = await startSink({ delayMs: 0, failShare: 0, certificateFile: tls ? join(folder, 'ca.pem') : undefined })
    try {
      progress(`${runs} runs`)
      const child = spawn(process.execPath, [...runFlags(), CARRIERS, String(runs), String(inFlight)], {
        // A process of its own: Node reads which certificates to trust when it starts.
        env: { ...process.env, ...sink.env, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
        stdio: ['ignore', 'pipe', 'inherit']
      })
      const exited = once(child, 'exit')
      const variants = await json(child.stdout) as Record<string, Figures[]>
      await exited
      return { variants, ...(tls ? { setting: 'tls' } : {}) }
    } finally {
      await sink.close()
      rmSync(folder, { recursive: true })
    }
  }
}
