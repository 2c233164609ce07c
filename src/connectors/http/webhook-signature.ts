import { createHmac } from 'node:crypto'

/** Not an interface: as a type it is a record of headers too. */
export type WebhookHeaders = Readonly<{
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature'?: string
}>

/** Makes the headers of one message; `sentAt` in ms since 1970. */
export type SignWebhook = (id: string, body: Buffer, sentAt: number) => WebhookHeaders

const PREFIX = 'whsec_'

/**
 * Signs by the Standard Webhooks specification, symmetrically, with every secret: while one is replaced, receivers accept
 * what either has signed. Without a secret the message is not signed. A secret is base64, with or without `whsec_`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createSignWebhook (secrets: readonly string[]): SignWebhook {
  const keys = secrets.map(secret => Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64'))
  return (id, body, sentAt) => {
    const timestamp = String(Math.floor(sentAt / 1000))
    const identity = { 'webhook-id': id, 'webhook-timestamp': timestamp }
    if (keys.length === 0) return identity
    const signatures = keys.map(key => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`)
    return { ...identity, 'webhook-signature': signatures.join(' ') }
  }
}
