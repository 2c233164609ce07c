import { UsageError } from '../../errors.js'
import { type QueueAddress } from './queue-directory.js'

/** Where each client's queue is: at the URL that was given for it, else under the name `<client>.fifo`. */
export function queueAddresses (clients: readonly string[], urls: Readonly<Record<string, string>>): Map<string, QueueAddress> {
  const problems = Object.entries(urls).flatMap(([client, url]) => {
    if (!clients.includes(client)) return [`SQS_QUEUE_URLS names ${client}, which is not a client of EVENTS_CLIENTS`]
    return URL.canParse(url) ? [] : [`SQS_QUEUE_URLS: the URL of ${client} is none, e.g. https://sqs.eu-west-1.amazonaws.com/123456789012/${client}.fifo`]
  })
  if (problems.length > 0) throw new UsageError('The queues of the clients can not be found:', problems)
  return new Map(clients.map(client => {
    const url = Object.hasOwn(urls, client) ? urls[client] : undefined
    return [client, url === undefined ? { name: `${client}.fifo` } : { url }]
  }))
}
