import t from 'tap'
import { Fifo } from '../../../src/engine/fifo.js'
import { Random } from '../../../src/generator/random.js'

t.test('it does what an array would do', t => {
  const random = new Random(5, 0)
  const fifo = new Fifo<number>()
  let model: number[] = []
  for (let step = 0; step < 20_000; step++) {
    const dice = random.below(100)
    if (dice < 55) {
      fifo.push(step)
      model.push(step)
    } else if (dice < 97) {
      if (fifo.shift() !== model.shift()) return t.fail(`step ${step}: shift differs`)
    } else if (dice < 99) {
      fifo.unshift([step, -step])
      model.unshift(step, -step)
    } else {
      fifo.remove(element => element % 7 === 0)
      model = model.filter(element => element % 7 !== 0)
    }
    if (fifo.length !== model.length || fifo.peek() !== model[0]) return t.fail(`step ${step}: length or head differ`)
  }
  t.strictSame([...fifo], model)
  t.end()
})
