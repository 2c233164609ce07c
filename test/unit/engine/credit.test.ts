import t from 'tap'
import { Credit } from '../../../src/engine/credit.js'

t.test('records and bytes both bound what is available', t => {
  const credit = new Credit(10, 1_000)
  t.equal(credit.available, 10)
  credit.acquire(4, 400)
  t.equal(credit.available, 6)
  credit.acquire(2, 500)
  t.equal(credit.available, 1, 'by its mean a record is larger than what is left, yet one is allowed while bytes are left')
  credit.acquire(1, 100)
  t.equal(credit.available, 0)
  credit.release(7, 1_000)
  t.ok(credit.available > 0)
  t.end()
})

t.test('it is relaxed when half of both is free', t => {
  const credit = new Credit(10, 1_000)
  credit.acquire(5, 100)
  t.equal(credit.relaxed, true)
  credit.acquire(0, 500)
  t.equal(credit.relaxed, false)
  credit.release(0, 500)
  credit.acquire(1, 1)
  t.equal(credit.relaxed, false)
  t.end()
})

t.test('an empty credit admits a record of any size', t => {
  const credit = new Credit(10, 10)
  credit.acquire(1, 10_000)
  t.equal(credit.available, 0)
  credit.release(1, 10_000)
  t.equal(credit.available, 1)
  t.end()
})
