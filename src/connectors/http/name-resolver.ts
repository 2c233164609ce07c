import { type LookupAddress, NODATA, NOTFOUND } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { AppError, describeError } from '../../errors.js'

/**
 * All addresses of a name. Rejects with the resolver's own error, of code ENOTFOUND or ENODATA, when it has none, and with
 * NAME_LOOKUP_FAILED when that is not known: no name server answers, or with an error of its own.
 */
export type ResolveName = (hostname: string) => Promise<LookupAddress[]>

export interface NameResolverOptions {
  /** For a look-up as a whole. */
  readonly timeoutMs: number
  /** `address:port`; those of the system when absent. */
  readonly servers?: readonly string[] | undefined
}

/** Once one family has an answer, the other is waited for this long. RFC 8305 § 3 */
const OTHER_FAMILY_MS = 50
const TRIES = 2

/**
 * Asks the name servers itself, on a channel of its own: `dns.lookup` takes a thread of libuv's pool for as long as a
 * server is silent, so that a few slow names stall everything in the process. The price: neither the hosts file nor search
 * domains count. `localhost` is loopback (RFC 6761 § 6.3).
 */
export function createNameResolver ({ timeoutMs, servers }: NameResolverOptions): ResolveName {
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMs / TRIES), tries: TRIES })
  if (servers !== undefined) resolver.setServers(servers)
  return async hostname => {
    if (hostname === 'localhost' || hostname.endsWith('.localhost')) return LOOPBACK
    const v4 = ask(resolver.resolve4(hostname), 4)
    const v6 = ask(resolver.resolve6(hostname), 6)
    const answers = await within(timeoutMs, bothOrTheFaster(v4, v6))
    const addresses = answers.flatMap(answer => answer.addresses)
    if (addresses.length === 0) throw failureOf(answers)
    return addresses
  }
}

interface Answer {
  readonly addresses: readonly LookupAddress[]
  readonly error?: unknown
}

const LOOPBACK: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]

async function ask (question: Promise<readonly string[]>, family: 4 | 6): Promise<Answer> {
  try {
    return { addresses: (await question).map(address => ({ address, family })) }
  } catch (error) {
    return { addresses: [], error }
  }
}

/** That the name has no address is only known when both questions were answered. */
function failureOf (answers: readonly Answer[]): unknown {
  const unanswered = answers.find(({ error }) => !NO_ADDRESS.has(codeOf(error)))
  return unanswered === undefined ? answers[0]?.error : new AppError('NAME_LOOKUP_FAILED', describeError(unanswered.error), { cause: unanswered.error })
}

const NO_ADDRESS: ReadonlySet<unknown> = new Set([NODATA, NOTFOUND])

function codeOf (error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** c-ares waits for each server in turn, and longer at each try. */
async function within<V> (timeoutMs: number, look: Promise<V>): Promise<V> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new AppError('NAME_LOOKUP_FAILED', `no answer within ${Math.round(timeoutMs)} ms`)) }, timeoutMs)
  })
  try {
    return await Promise.race([look, late])
  } finally {
    clearTimeout(timer)
  }
}

async function bothOrTheFaster (v4: Promise<Answer>, v6: Promise<Answer>): Promise<readonly Answer[]> {
  const both = Promise.all([v4, v6])
  const first = await Promise.race([v4, v6])
  if (first.addresses.length === 0) return await both
  return await new Promise(resolve => {
    const timer = setTimeout(() => { resolve([first]) }, OTHER_FAMILY_MS)
    void both.then(answers => {
      clearTimeout(timer)
      resolve(answers)
    })
  })
}
