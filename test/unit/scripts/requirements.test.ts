import t from 'tap'
import { importScript } from './import-script.js'

interface Machine {
  node: string
  python3: string | undefined
  make: string | undefined
  gxx: string | undefined
  cxx17: boolean
  missingHeaders: string[]
  java: string | undefined
  javac: string | undefined
  maven: string | undefined
  diskBytes: number
  memoryBytes: number
  loopback: boolean
}
interface Problem { text: string, apt: boolean }
interface Needs { compile: boolean, java: boolean, jars: boolean }

const { checkNode, findProblems, formatProblems, inspectMachine, parseJavaMajor } = await importScript<{
  checkNode: (version: string) => Problem | undefined
  findProblems: (machine: Machine, needs: Needs) => Problem[]
  formatProblems: (problems: Problem[]) => string
  inspectMachine: (root: string, needs: Needs) => Promise<Machine>
  parseJavaMajor: (text: string) => number | undefined
}>('requirements.mjs')

const GIB = 1024 ** 3
const EVERYTHING: Needs = { compile: true, java: true, jars: true }
const NOTHING: Needs = { compile: false, java: false, jars: false }

const GOOD: Machine = {
  node: '20.19.0',
  python3: 'Python 3.11.2',
  make: 'GNU Make 4.3',
  gxx: 'g++ 12.2.0',
  cxx17: true,
  missingHeaders: [],
  java: 'openjdk version "17.0.15" 2025-04-15',
  javac: 'javac 17.0.15',
  maven: 'Apache Maven 3.8.7',
  diskBytes: 10 * GIB,
  memoryBytes: 8 * GIB,
  loopback: true
}

function problemsOf (machine: Partial<Machine>, needs = EVERYTHING): string[] {
  return findProblems({ ...GOOD, ...machine }, needs).map(problem => problem.text)
}

t.test('a good machine has no problems', async t => {
  t.same(problemsOf({}), [])
})

t.test('Node 20, 22 and 24 are taken', async t => {
  for (const version of ['20.0.0', '22.11.0', '24.1.0']) t.equal(checkNode(version), undefined, version)
})

t.test('every other Node is refused with what to install', async t => {
  for (const version of ['14.21.3', '18.20.0', '21.0.0', '23.5.0', '25.0.0', '26.1.0']) {
    t.match(checkNode(version)?.text, new RegExp(`Node ${version} is not supported: install Node 24`))
  }
})

t.test('the version is read from what java and javac print', async t => {
  t.equal(parseJavaMajor('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment'), 17)
  t.equal(parseJavaMajor('java version "1.8.0_392"'), 8)
  t.equal(parseJavaMajor('openjdk version "25" 2025-09-16'), 25)
  t.equal(parseJavaMajor('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.1"'), 21)
  t.equal(parseJavaMajor('javac 17.0.15'), 17)
  t.equal(parseJavaMajor('command not found'), undefined)
})

t.test('an old JDK is refused', async t => {
  t.match(problemsOf({ java: 'openjdk version "11.0.2"', javac: 'javac 11.0.2' }), [/java is of version 11, 17 or later/, /javac is of version 11/])
})

t.test('all that is missing is named in one message with the line that installs it', async t => {
  const problems = findProblems({
    ...GOOD, python3: undefined, make: undefined, java: undefined, javac: undefined, maven: undefined, missingHeaders: ['libssl-dev', 'libzstd-dev']
  }, EVERYTHING)
  const message = formatProblems(problems)
  for (const word of ['python3 is', 'make is', 'java is', 'javac is', 'Maven', 'libssl-dev are', 'libzstd-dev are']) t.match(message, word)
  t.match(message, 'sudo apt install build-essential python3 libssl-dev zlib1g-dev libzstd-dev openjdk-17-jdk-headless maven')
})

t.test('the apt line is left out where it does not help', async t => {
  const message = formatProblems(findProblems({ ...GOOD, node: '23.0.0' }, EVERYTHING))
  t.match(message, 'Node 23.0.0')
  t.notMatch(message, 'apt install')
})

t.test('without a compiler the headers are not accused', async t => {
  t.same(problemsOf({ gxx: undefined, cxx17: false, missingHeaders: ['libssl-dev'] }), ['g++ is not installed'])
})

t.test('too little disk, memory and no loopback are named with what is needed', async t => {
  t.match(problemsOf({ diskBytes: 1.5 * GIB, memoryBytes: GIB, loopback: false }), [
    /1\.5 GiB of disk are free .*, 2 GiB are needed/, /1 GiB of memory are available, 2 GiB are needed/, /127\.0\.0\.1/
  ])
})

t.test('only what the command needs is asked for', async t => {
  t.same(problemsOf({ python3: undefined, gxx: undefined, java: undefined, maven: undefined, diskBytes: GIB }, NOTHING), [])
})

t.test('the machine that runs this test has what was asked for', async t => {
  const machine = await inspectMachine('.', EVERYTHING)
  t.equal(machine.node, process.versions.node)
  t.type(machine.python3, 'string')
  t.ok(machine.diskBytes > 0)
  t.ok(machine.memoryBytes > 0)
})
