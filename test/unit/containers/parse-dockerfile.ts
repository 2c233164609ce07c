export interface Instruction {
  readonly name: string
  /** Behind the name, the lines joined, `ARG` variables of the file's head replaced. */
  readonly text: string
  /** Of an instruction in JSON form: what is executed without a shell. */
  readonly words: readonly string[] | undefined
}

export interface Stage {
  readonly image: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

const CONTINUATION = /\\\n/g
const COMMENT_LINE = /^\s*#.*\n/gm

/** As much of a Dockerfile's syntax as ours uses. https://docs.docker.com/reference/dockerfile/ */
export function parseDockerfile (text: string): Stage[] {
  const lines = text.replace(COMMENT_LINE, '').replace(CONTINUATION, ' ').split('\n').filter(line => line.trim() !== '')
  const variables = new Map<string, string>()
  const stages: Array<Stage & { instructions: Instruction[] }> = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    const value = rest.replace(/\$\{(\w+)\}/g, (_, variable: string) => variables.get(variable) ?? '').trim()
    if (name === '') throw new Error(`no instruction: ${line}`)
    if (name === 'FROM') {
      const [image = '', , stage] = value.split(/\s+/)
      stages.push({ image, name: stage, instructions: [] })
    } else if (stages.length === 0) {
      const [variable = '', initial = ''] = value.split('=')
      variables.set(variable, initial)
    } else {
      stages.at(-1)?.instructions.push({ name, text: value, words: jsonForm(value) })
    }
  }
  return stages
}

export function only (stage: Stage, name: string): Instruction {
  const [found, ...more] = all(stage, name)
  if (found === undefined || more.length > 0) throw new Error(`not exactly one ${name}`)
  return found
}

export function all (stage: Stage, name: string): Instruction[] {
  return stage.instructions.filter(instruction => instruction.name === name)
}

/** What a `COPY` takes, and from which stage; the files of the project when there is none. */
export function copySources ({ text }: Instruction): { from: string | undefined, sources: string[] } {
  const words = text.split(/\s+/)
  const from = words.find(word => word.startsWith('--from='))?.slice('--from='.length)
  return { from, sources: words.filter(word => !word.startsWith('--')).slice(0, -1) }
}

function jsonForm (text: string): string[] | undefined {
  const start = text.indexOf('[')
  if (start === -1 || !text.endsWith(']')) return undefined
  try {
    return JSON.parse(text.slice(start)) as string[]
  } catch {
    return undefined // a shell's test
  }
}
