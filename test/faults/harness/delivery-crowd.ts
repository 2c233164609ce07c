import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What a client of a crowd does, instead of sending a request. */
type Manner = (socket: Socket) => void

const HEAD = 'PUT /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
const TRICKLE_EVERY_MS = 2_000
/** Connections that are opened at a time: fewer than a server lets wait for it. */
const WAVE = 250

const MANNERS: readonly Manner[] = [
  () => {}, // says nothing
  socket => { socket.write(HEAD) }, // never ends its head
  socket => { socket.write(`${HEAD}content-length: 100\r\n\r\n{"user_id"`) }, // nor its body
  socket => { trickle(socket, 'x-pad: a\r\n', HEAD) },
  socket => { trickle(socket, ' ', `${HEAD}content-length: 100000\r\n\r\n`) }
]

/** Clients that hold connections to a server and send requests that never end. */
export class Crowd {
  /** Answered with 408. */
  late = 0
  /** Closed or refused without an answer. */
  refused = 0
  /** Whatever else was answered: the first lines of it. */
  readonly others: string[] = []
  readonly #sockets = new Set<Socket>()

  /** Resolves when all of them have tried. They end with the test, if the server does not end them. */
  static async gather (t: { teardown (handler: () => void): void }, port: number, clients: number): Promise<Crowd> {
    const crowd = new Crowd()
    t.teardown(() => { for (const socket of crowd.#sockets) socket.destroy() })
    for (let opened = 0; opened < clients; opened += WAVE) {
      await Promise.all(Array.from({ length: Math.min(WAVE, clients - opened) }, async (_, index) => { await crowd.#open(port, MANNERS[index % MANNERS.length]!) }))
    }
    return crowd
  }

  /** Connections that nobody has closed. */
  get open (): number {
    return this.#sockets.size
  }

  async #open (port: number, behave: Manner): Promise<void> {
    const socket = connect(port, '127.0.0.1')
    this.#sockets.add(socket)
    let answer = ''
    socket.setEncoding('latin1').on('data', text => { answer += text })
    socket.on('error', () => {}) // `close` follows
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (answer === '') this.refused++
      else if (answer.startsWith('HTTP/1.1 408 ')) this.late++
      else this.others.push(answer.slice(0, answer.indexOf('\r\n')))
    })
    await Promise.race([new Promise(resolve => { socket.once('connect', resolve) }), new Promise(resolve => { socket.once('close', resolve) })])
    if (!socket.destroyed) behave(socket)
  }
}

/** A few bytes now and then, so that the connection is never idle. */
function trickle (socket: Socket, drop: string, beginning: string): void {
  socket.write(beginning)
  void (async () => {
    while (!socket.destroyed) {
      await delay(TRICKLE_EVERY_MS)
      if (socket.writable) socket.write(drop)
    }
  })()
}
