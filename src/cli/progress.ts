import cliProgress from 'cli-progress'

export interface Progress {
  update (done: number): void
  stop (): void
}

/** A bar on a terminal; elsewhere a line every few seconds. Without a total, a count. */
export function createProgress (total: number | undefined, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY && total !== undefined ? createBar(total, stream) : createLines(total, stream)
}

const LINE_EVERY_MS = 5_000

function createBar (total: number, stream: NodeJS.WriteStream): Progress {
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage} % | {value}/{total} | {eta_formatted} left',
    hideCursor: true
  }, cliProgress.Presets.shades_classic)
  bar.start(total, 0)
  return {
    update: done => { bar.update(done) },
    stop: () => { bar.stop() }
  }
}

function createLines (total: number | undefined, stream: NodeJS.WriteStream): Progress {
  let toldAt = performance.now()
  return {
    update (done) {
      if (performance.now() - toldAt < LINE_EVERY_MS) return
      toldAt = performance.now()
      stream.write(total === undefined ? `${done} records\n` : `${done} of ${total} records\n`)
    },
    stop () {}
  }
}
