import { type TestService } from '../../helpers/service.js'

/**
 * Rebalances the group of a service that is to end in a revocation: one may come when nothing of its partitions is under
 * way, and then nothing strikes, and another is made. `hasWork`: whether partitions that were given have reached the one
 * that has joined.
 */
export async function rebalanceUntilItEnds (killed: TestService, join: () => Promise<TestService>, hasWork: (second: TestService) => boolean | Promise<boolean>): Promise<void> {
  while (!killed.hasExited) {
    const second = await join()
    await second.sees('the other has ended, or has given partitions to it', async () => killed.hasExited || await hasWork(second), 60_000)
    if (!killed.hasExited) await second.stop()
  }
}
