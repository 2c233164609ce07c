import t from 'tap'
import { LiveTable, readStates } from '../../../../src/cli/demo/delivery/live-table.js'

const METRICS = `# HELP penstock_delivery_delivered_total Events
penstock_delivery_delivered_total{destination="a"} 7
penstock_delivery_delivered_total{destination="b"} 0
penstock_delivery_retried_total{destination="a"} 2
penstock_delivery_dead_letters_total{destination="b",code="ATTEMPTS_EXHAUSTED"} 3
penstock_delivery_dead_letters_total{destination="b",code="REFUSED"} 1
penstock_delivery_held{destination="b"} 1
penstock_delivery_lag_records{destination="a"} 5
penstock_settled_records_total 11
`

t.test('What the metrics say of each destination is read, dead letters of all reasons together', async t => {
  t.strictSame(Object.fromEntries(readStates(METRICS)), {
    a: { delivered: 7, retried: 2, dead: 0, lagRecords: 5, held: false },
    b: { delivered: 0, retried: 0, dead: 4, lagRecords: 0, held: true }
  })
})

t.test('On a terminal the table is drawn over itself; elsewhere its last state is written once', async t => {
  const draw = (terminal: boolean): string => {
    let text = ''
    const table = new LiveTable([['a', 'succeeds'], ['b', 'fails'], ['c', 'is not heard of yet']], terminal, more => { text += more })
    table.show(new Map())
    table.show(readStates(METRICS))
    table.end()
    return text
  }
  t.match(draw(false), /^\n {2}destination .*breaker\n {2}a {12}succeeds .* 7 +2 +0 +5 +closed\n.*open\n.*closed\n$/)
  t.equal(draw(true).split('\x1b[5F\x1b[J').length, 2, 'moved up once, by as many lines as it has')
})
