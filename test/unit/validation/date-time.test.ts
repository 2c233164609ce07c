import t from 'tap'
import { isDateTime } from '../../../src/validation/date-time.js'

const VALID = [
  '2024-09-10T04:17:09.0247241-03:00',
  '2024-09-10T04:17:09Z',
  '2024-09-10t04:17:09z',
  '2024-09-10T04:17:09.1+00:00',
  '2024-09-10T04:17:09.123456789012345678-00:00',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59+23:59',
  '2024-02-29T00:00:00Z',
  '2000-02-29T00:00:00Z',
  '1998-12-31T23:59:60Z',
  '1998-12-31T15:59:60.123-08:00',
  '1999-01-01T00:59:60+01:00'
]

const INVALID = [
  '1900-02-29T00:00:00Z',
  '2100-02-29T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '2024-02-30T00:00:00Z',
  '2024-06-31T00:00:00Z',
  '1998-12-31T22:59:60Z',
  '1998-12-31T23:58:60Z',
  '1998-12-31T23:59:60+01:00',
  '2024-09-10T04:17:09Z\n',
  '2024-09-10T04:17:09+0300',
  '2024-09-10T04:17:09 Z',
  '2024-09-10_04:17:09Z',
  '+2024-09-10T04:17:09Z',
  '12024-09-10T04:17:09Z'
]

t.test('takes what RFC 3339 allows', async t => {
  for (const text of VALID) t.ok(isDateTime(text), text)
})

t.test('refuses what it does not', async t => {
  for (const text of INVALID) t.notOk(isDateTime(text), JSON.stringify(text))
})

t.test('knows every day of four hundred years', async t => {
  for (let year = 1900; year < 2300; year++) {
    for (const day of ['02-28', '02-29', '04-30', '04-31', '12-31']) {
      const text = `${year}-${day}T00:00:00Z`
      const real = new Date(text).toISOString().slice(0, 10) === `${year}-${day}`
      if (isDateTime(text) !== real) t.fail(text)
    }
  }
  t.pass()
})
