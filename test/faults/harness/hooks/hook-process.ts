import { existsSync } from 'node:fs'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import rdkafka from 'node-rdkafka'
import { SdkBatchWriter } from '../../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { SignedBatchWriter } from '../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { DestinationClient } from '../../../../src/connectors/http/destination-client.js'
import { Committer } from '../../../../src/connectors/kafka/committer.js'
import { DeliveryProducer } from '../../../../src/connectors/kafka/delivery-producer.js'
import { KafkaSource } from '../../../../src/connectors/kafka/kafka-source.js'
import { SdkBatchSender } from '../../../../src/connectors/sqs/sdk-batch-sender.js'
import { SignedBatchSender } from '../../../../src/connectors/sqs/signed-batch-sender.js'
import { Engine } from '../../../../src/engine/engine.js'
import { type TopicPartition } from '../../../../src/engine/intake.js'
import { type Deed, type Orders, type Point, sayReached } from './orders.js'

const STALL_LOOK_MS = 20

/** Stands around a method: `call` runs the method itself. */
type Wrapper<S> = (call: () => unknown, args: readonly unknown[], self: S) => unknown

export function hookProcess (orders: Orders): void {
  const striker = new Striker(orders)
  hookCalls(striker)
  hookCommits(striker)
  hookDrains(striker)
  hookPolls(striker)
}

/** Counts what is passed, and strikes once. */
class Striker {
  readonly #orders: Orders
  #times = 0
  /** True while a drain has begun and records of it are unsettled. */
  drains: { readonly point: Point, readonly unsettled: () => boolean } | undefined

  constructor (orders: Orders) {
    this.#orders = orders
  }

  /** True when what stands at this point is never to come back. */
  passes (point: Point): boolean {
    const { at, nth = 1, deed = 'kill', forMs = 0, until } = this.#orders
    if (point !== at || ++this.#times !== nth) return false
    sayReached(point, deed, nth)
    strike(deed, forMs, until)
    return deed === 'hang'
  }

  /** A call to the table or a queue is answered, and not handled. */
  answered (point: Point): void {
    if (this.drains?.unsettled() === true) this.passes(this.drains.point)
    this.passes(point)
  }
}

function hookCalls (striker: Striker): void {
  const around = (before: Point, after: Point) => async (call: () => unknown): Promise<unknown> => {
    striker.passes(before)
    const answer = await call()
    striker.answered(after)
    return answer
  }
  const write = around('before-write', 'after-write')
  const send = around('before-send', 'after-send')
  wrap(SdkBatchWriter.prototype, 'write', write)
  wrap(SignedBatchWriter.prototype, 'write', write)
  wrap(DynamoDBClient.prototype, 'send', (call, [command]) => command instanceof PutItemCommand ? write(call) : call())
  wrap(SdkBatchSender.prototype, 'send', send)
  wrap(SignedBatchSender.prototype, 'send', send)
  wrap(DestinationClient.prototype, 'send', send)
  wrap(DeliveryProducer.prototype, 'deliver', around('before-dead-letter', 'after-dead-letter'))
}

function hookCommits (striker: Striker): void {
  wrap(rdkafka.KafkaConsumer.prototype, 'commit', call => {
    striker.passes('before-commit')
    return call()
  })
  wrap(Committer.prototype, 'answered', (call, [error]) => {
    if (error === null || error === undefined) striker.passes('after-commit')
    return call()
  })
}

function hookDrains (striker: Striker): void {
  let ending = false
  wrap(KafkaSource.prototype, 'stop', call => {
    ending = true
    return call()
  })
  wrap<Engine<unknown>>(Engine.prototype, 'drain', async (call, [partitions], engine) => {
    const draining = new Set((partitions as readonly TopicPartition[]).map(({ partition }) => partition))
    const drained = call()
    const drains = {
      point: ending ? 'during-drain' as const : 'during-revoke' as const,
      unsettled: () => engine.partitions().some(({ partition, unsettled }) => draining.has(partition) && unsettled > 0)
    }
    striker.drains = drains
    try {
      return await drained
    } finally {
      if (striker.drains === drains) striker.drains = undefined
    }
  })
}

function hookPolls (striker: Striker): void {
  wrap(rdkafka.KafkaConsumer.prototype, 'consume', call => striker.passes('poll') ? undefined : call())
}

function strike (deed: Deed, forMs: number, until: string | undefined): void {
  switch (deed) {
    case 'kill': process.kill(process.pid, 'SIGKILL'); break
    case 'hang': break
    case 'stall':
      sleep(forMs)
      while (!isThere(until)) sleep(STALL_LOOK_MS)
      break
    case 'throw': setImmediate(() => { throw new Error('thrown on purpose') }); break
    case 'reject undefined': rejectWith(undefined); break
    case 'reject {}': rejectWith({}); break
    case 'hoard': for (const hoard: unknown[] = []; ;) hoard.push(new Array(500_000).fill(hoard))
  }
}

/** So is what nobody waits for. */
function isThere (file: string | undefined): boolean {
  return file === undefined || existsSync(file)
}

function sleep (ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function rejectWith (reason: unknown): void {
  void Promise.reject(reason)
}

function wrap<S extends object> (prototype: S, method: keyof S & string, wrapper: Wrapper<S>): void {
  const original: unknown = Reflect.get(prototype, method)
  if (typeof original !== 'function') throw new Error(`there is no ${method} to hook`)
  Reflect.set(prototype, method, function (this: S, ...args: unknown[]): unknown {
    return wrapper(() => Reflect.apply(original, this, args), args, this)
  })
}
