import { join } from 'node:path'

/** The repository: compiled, this file is dist/src/stack/jvm.js. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..', '..')

/** Jars (put there by the bootstrap) and logging configurations of the servers. */
export const STACK_FOLDER = join(PROJECT_ROOT, 'stack')

/**
 * Small, quick to start, no files in /tmp: serial collector, first compiler only, no performance data. With these the
 * four servers take about half a gigabyte, and Kafka is up in 2 s.
 */
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

export interface JvmOptions {
  readonly maxHeapMb: number
  readonly classPath: readonly string[]
  readonly systemProperties?: Readonly<Record<string, string>>
  readonly mainClass: string
  readonly args: readonly string[]
}

/** The arguments of `java` for a server. */
export function javaArgs ({ maxHeapMb, classPath, systemProperties = {}, mainClass, args }: JvmOptions): string[] {
  return [
    '-Xms32m', `-Xmx${maxHeapMb}m`, ...JVM_FLAGS,
    ...Object.entries(systemProperties).map(([name, value]) => `-D${name}=${value}`),
    '-cp', classPath.join(':'),
    mainClass, ...args
  ]
}

/** Text of a Java properties file. Backslashes are escapes there. */
export function formatProperties (properties: Readonly<Record<string, string | number>>): string {
  return Object.entries(properties).map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`).join('')
}
