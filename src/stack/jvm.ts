import { join } from 'node:path'

/** The repository: compiled, this file is dist/src/stack/jvm.js. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..', '..')

/** Jars (put there by the bootstrap) and logging configurations of the servers. */
export const STACK_FOLDER = join(PROJECT_ROOT, 'stack')

/** Small, no files in /tmp: serial collector, no performance data. With these the four servers take about half a gigabyte. */
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:-UsePerfData']
/** The first compiler only: Kafka is up in 2 s, and never takes the cores to compile what it will not run for long. */
const QUICK_START = '-XX:TieredStopAtLevel=1'

export interface JvmOptions {
  readonly maxHeapMb: number
  /** Compiles what runs often by the optimizing compiler too, as Java does by default: for a server under load for minutes. */
  readonly optimize?: boolean | undefined
  readonly classPath: readonly string[]
  readonly systemProperties?: Readonly<Record<string, string>>
  readonly mainClass: string
  readonly args: readonly string[]
}

/** The arguments of `java` for a server. */
export function javaArgs ({ maxHeapMb, optimize = false, classPath, systemProperties = {}, mainClass, args }: JvmOptions): string[] {
  return [
    '-Xms32m', `-Xmx${maxHeapMb}m`, ...JVM_FLAGS, ...(optimize ? [] : [QUICK_START]),
    ...Object.entries(systemProperties).map(([name, value]) => `-D${name}=${value}`),
    '-cp', classPath.join(':'),
    mainClass, ...args
  ]
}

/** Text of a Java properties file. Backslashes are escapes there. */
export function formatProperties (properties: Readonly<Record<string, string | number>>): string {
  return Object.entries(properties).map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`).join('')
}
