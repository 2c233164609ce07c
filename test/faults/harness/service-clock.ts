import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestService } from '../../helpers/service.js'
import { createTestFolder, type TestScope } from '../../helpers/stack.js'
import { reachedIn } from './hooks/hooks.js'

/** The wall clock of services that were started with `hooks({ clock: clock.file })`. */
export class ServiceClock {
  /** Says what it is ahead of the machine's, in ms. */
  readonly file: string

  constructor (t: TestScope) {
    this.file = join(createTestFolder(t), 'clock')
    writeFileSync(this.file, '0')
  }

  /** Sets it so far ahead of the machine's, or behind it, and waits until the service goes by it. */
  async set (service: TestService, aheadMs: number): Promise<void> {
    const { pid } = await service.logged('started')
    const jumps = (): number => reachedIn(service.output).filter(({ reached, deed, ...each }) => reached === 'clock' && each.pid === pid && deed === String(aheadMs)).length
    const before = jumps()
    // Never half of a number.
    writeFileSync(`${this.file}.next`, String(aheadMs))
    renameSync(`${this.file}.next`, this.file)
    await service.sees('its clock has jumped', () => jumps() > before)
  }
}
