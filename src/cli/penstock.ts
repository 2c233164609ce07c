#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { AppError, UsageError } from '../errors.js'
import { checkCommand } from './check.js'
import { configCommand } from './config.js'
import { createCommand } from './create.js'
import { demoCommand } from './demo.js'
import { EXIT, EXIT_CODES_HELP } from './exit-codes.js'
import { produceCommand } from './produce.js'
import { runCommand } from './run.js'
import { stackCommand } from './stack.js'

export function createProgram (): Command {
  const program = new Command('penstock')
    .description('Records from Kafka: validated, stored and queued, or routed to other topics, losing nothing')
    .version(readVersion())
    .showHelpAfterError('Type `penstock --help`, or `penstock <command> --help`, for help.')
    .addHelpText('after', `
Examples:
  penstock demo                  see it work: real servers, a generated file, a proof
  penstock demo routing          the same for the routing pipeline: Avro, Kafka to Kafka
  penstock stack up              start the local servers and leave them up
  penstock create                make topics, table and queues; --pipeline routing: topics and schemas
  penstock check                 test every connection
  penstock run events            process events: Kafka → DynamoDB → one SQS FIFO queue per client
  penstock run routing           route records: Kafka → the topic of each destination
  penstock <command> --help
${EXIT_CODES_HELP}

The settings come from the environment: docs/configuration.md, .env.example`)
  for (const command of [runCommand(), demoCommand(), produceCommand(), checkCommand(), createCommand(), stackCommand(), configCommand()]) {
    program.addCommand(command)
  }
  exitByCode(program)
  return program
}

/** Runs one command line and sets the exit code; a mistake of the operator is shown as its message alone. */
export async function main (args: readonly string[]): Promise<void> {
  // The SDK tells at every start that its releases of 2027 will need Node 22. Ours is pinned by the lock file.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  try {
    await createProgram().parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    // What was begun before the error (threads, clients) must not keep the process.
    if (process.exitCode !== EXIT.ok) process.exit()
  }
}

/** commander has already shown its own errors. */
function exitCodeOf (error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`)
    return EXIT.usage
  }
  // A failure of our own table says what happened; a stack is for what nobody has thought of.
  process.stderr.write(`${error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.failure
}

/** Has commander throw instead of ending the process, in subcommands too, and sends help to where it is expected. */
function exitByCode (command: Command): void {
  command.exitOverride()
  command.commands.forEach(exitByCode)
}

function readVersion (): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
