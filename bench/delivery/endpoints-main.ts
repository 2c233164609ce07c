/**
 * The destinations, in a process of their own: `fork` with a JSON object, name → behaviour. It tells their URLs, answers
 * each message with what has arrived, and ends with its parent.
 */
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Behaviour, BEHAVIOURS } from './behaviours.js'
import { type Arrival, type EndpointsReport } from './endpoints.js'

const wanted = JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, Behaviour>>
const arrivals: Record<string, Arrival[]> = {}
const urls: Record<string, string> = {}
for (const [name, behaviour] of Object.entries(wanted)) urls[name] = await listen(name, behaviour)
process.on('message', () => { process.send?.({ arrivals } satisfies EndpointsReport) })
process.on('disconnect', () => { process.exit(0) })
process.send?.({ urls })

async function listen (name: string, behaviour: Behaviour): Promise<string> {
  const own: Arrival[] = arrivals[name] = []
  const server = createServer(answer(own, behaviour))
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events` // it listens
}

/** An event has arrived with the last byte of its request. */
function answer (own: Arrival[], behaviour: Behaviour): RequestListener {
  return (request, response) => {
    request.resume().on('end', () => {
      own.push([String(request.headers['webhook-id']), Date.now()])
      BEHAVIOURS[behaviour](response)
    })
  }
}
