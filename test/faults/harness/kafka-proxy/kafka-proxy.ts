import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { LOOPBACK } from '../../../../src/stack/ports.js'
import { CommitFaults, type SeenCommit } from './commit-faults.js'
import { FrameReader } from './frame-reader.js'
import { HeldAnswers } from './held-answers.js'
import { OFFSET_COMMIT, readClientId, readCorrelationId, readErrorCodes, readOffsetCommit, readRequestHeader, rewriteErrorCodes, spoilGeneration } from './offset-commit.js'
import { PRODUCE, rewriteProduceError } from './produce-answer.js'

/**
 * Stands before a broker that advertises this proxy's port as its own. Hands everything on as it is, except the commits
 * that are to fail and the answers that are to wait, and remembers every commit that passes.
 */
export class KafkaProxy {
  readonly commitFaults = new CommitFaults()
  readonly heldAnswers = new HeldAnswers()
  readonly #server: Server
  readonly #brokerPort: number
  readonly #sockets = new Set<Socket>()

  private constructor (brokerPort: number) {
    this.#brokerPort = brokerPort
    this.#server = createServer(socket => { this.#bridge(socket) })
  }

  static async listen (port: number, brokerPort: number): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(brokerPort)
    proxy.#server.listen(port, LOOPBACK)
    await once(proxy.#server, 'listening')
    return proxy
  }

  async close (): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #bridge (client: Socket): void {
    const broker = connect({ host: LOOPBACK, port: this.#brokerPort, noDelay: true })
    client.setNoDelay(true)
    const connection = new Connection(client, broker, this.commitFaults, this.heldAnswers)
    for (const [socket, other] of [[client, broker], [broker, client]] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {}) // `close` follows
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', bytes => { connection.fromClient(bytes) })
    broker.on('data', bytes => { connection.fromBroker(bytes) })
  }
}

/** One client's connection to the broker: its requests and, by correlation id, those whose answers are of interest. */
class Connection {
  readonly #client: Socket
  readonly #broker: Socket
  readonly #faults: CommitFaults
  readonly #held: HeldAnswers
  readonly #requests = new FrameReader()
  readonly #answers = new FrameReader()
  readonly #commits = new Map<number, { readonly seen: SeenCommit, readonly version: number }>()
  /** Versions of the produce requests whose answers may be held. */
  readonly #waiting = new Map<number, number>()

  constructor (client: Socket, broker: Socket, faults: CommitFaults, held: HeldAnswers) {
    this.#client = client
    this.#broker = broker
    this.#faults = faults
    this.#held = held
  }

  fromClient (bytes: Buffer): void {
    for (const frame of this.#requests.push(bytes)) {
      if (!this.#admit(frame)) return
      if (!this.#broker.write(frame)) pauseUntilDrained(this.#client, this.#broker)
    }
  }

  fromBroker (bytes: Buffer): void {
    for (const frame of this.#answers.push(bytes)) {
      const version = this.#waiting.get(readCorrelationId(frame))
      if (version !== undefined) {
        this.#waiting.delete(readCorrelationId(frame))
        this.#held.wait(errorCode => {
          if (errorCode !== undefined) rewriteProduceError(frame, version, errorCode)
          this.#client.write(frame)
        })
        continue
      }
      if (!this.#answer(frame)) return
      if (!this.#client.write(frame)) pauseUntilDrained(this.#broker, this.#client)
    }
  }

  /** False when the connection breaks instead. */
  #admit (frame: Buffer): boolean {
    const { apiKey, version, correlationId } = readRequestHeader(frame)
    if (apiKey === PRODUCE && this.#held.meet(readClientId(frame))) this.#waiting.set(correlationId, version)
    if (apiKey !== OFFSET_COMMIT) return true
    const seen = this.#faults.meet(readOffsetCommit(frame))
    if (seen.fault?.kind === 'drop-request') return this.#break()
    if (seen.fault?.kind === 'refuse') spoilGeneration(frame)
    this.#commits.set(correlationId, { seen, version })
    return true
  }

  /** False when the connection breaks instead. */
  #answer (frame: Buffer): boolean {
    const correlationId = readCorrelationId(frame)
    const commit = this.#commits.get(correlationId)
    if (commit === undefined) return true
    this.#commits.delete(correlationId)
    const { seen: { fault }, version } = commit
    commit.seen.errorCodes = readErrorCodes(frame, version)
    if (fault?.kind === 'drop-answer') return this.#break()
    if (fault?.kind === 'refuse' || fault?.kind === 'lie') rewriteErrorCodes(frame, version, fault.code)
    return true
  }

  #break (): false {
    this.#client.resetAndDestroy()
    return false
  }
}

function pauseUntilDrained (source: Socket, target: Socket): void {
  source.pause()
  target.once('drain', () => { source.resume() })
}
