const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/** Whether a `host` or `host:port` is this machine, by its name alone. */
export function isLoopback (host: string): boolean {
  return LOOPBACK.test(host)
}
