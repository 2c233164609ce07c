// @ts-check
/**
 * What the machine must have, what it has, and the one message that names all that is missing. Node's oldest supported
 * syntax only: an old Node must get as far as being refused.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'

/** node-rdkafka 3.6.1 does not compile on Node 26, and odd releases lose their fixes after half a year. */
export const NODE_MAJORS = [20, 22, 24]

/** DynamoDB Local 3 and Kafka 4 are compiled for it. */
export const MIN_JAVA_MAJOR = 17

const GIB = 1024 ** 3
/** node_modules with the compiled Kafka client 0.9 GB, the servers' jars 0.2 GB, Maven's and npm's caches 0.4 GB. */
export const INSTALL_DISK_BYTES = 2 * GIB
/** Data and logs of the local servers. */
export const RUN_DISK_BYTES = GIB / 4
/** Four JVMs take 0.6 GB, the service 0.4 GB, the compiler 0.5 GB. */
export const MEMORY_BYTES = 2 * GIB

export const APT_LINE = 'sudo apt install build-essential python3 libssl-dev zlib1g-dev libzstd-dev openjdk-17-jdk-headless maven'

/** Without them the Kafka client compiles all the same, and quietly lacks TLS, gzip or zstd. */
const HEADERS = [
  { file: 'openssl/ssl.h', packageName: 'libssl-dev' },
  { file: 'zlib.h', packageName: 'zlib1g-dev' },
  { file: 'zstd.h', packageName: 'libzstd-dev' }
]

/**
 * What the command will do; a tool is asked for only when something will use it.
 * @typedef {object} Needs
 * @property {boolean} compile the packages are to be installed, the Kafka client compiled
 * @property {boolean} java the local servers are to be run
 * @property {boolean} jars the servers' jars are to be fetched
 */

/**
 * What a look at the machine found. A version is undefined when the tool is missing.
 * @typedef {object} Machine
 * @property {string} node
 * @property {string | undefined} python3
 * @property {string | undefined} make
 * @property {string | undefined} gxx
 * @property {boolean} cxx17
 * @property {string[]} missingHeaders packages
 * @property {string | undefined} java
 * @property {string | undefined} javac
 * @property {string | undefined} maven
 * @property {number} diskBytes
 * @property {number} memoryBytes
 * @property {boolean} loopback
 */

/**
 * @typedef {object} Problem
 * @property {string} text
 * @property {boolean} apt the apt line cures it
 */

/**
 * Looks at everything that is needed, all at once.
 * @param {string} root the checkout
 * @param {Needs} needs
 * @returns {Promise<Machine>}
 */
export async function inspectMachine (root, needs) {
  const gxx = process.env.CXX || 'g++'
  const [python3, make, compiler, cxx17, java, javac, maven, loopback, ...headers] = await Promise.all([
    needs.compile ? versionOf('python3', ['--version']) : undefined,
    needs.compile ? versionOf('make', ['--version']) : undefined,
    needs.compile ? versionOf(gxx, ['--version']) : undefined,
    needs.compile ? preprocesses(gxx, 'filesystem') : true,
    needs.java ? versionOf('java', ['-version']) : undefined,
    needs.jars ? versionOf('javac', ['-version']) : undefined,
    needs.jars ? versionOf('mvn', ['-version']) : undefined,
    needs.java ? canBindLoopback() : true,
    ...HEADERS.map(header => needs.compile ? preprocesses(gxx, header.file) : true)
  ])
  return {
    node: process.versions.node,
    python3,
    make,
    gxx: compiler,
    cxx17,
    missingHeaders: HEADERS.filter((_, index) => !headers[index]).map(header => header.packageName),
    java,
    javac,
    maven,
    diskBytes: freeDiskBytes(root),
    memoryBytes: availableMemoryBytes(),
    loopback
  }
}

/**
 * @param {Machine} machine
 * @param {Needs} needs
 * @returns {Problem[]}
 */
export function findProblems (machine, needs) {
  const problems = /** @type {Array<Problem | undefined>} */ ([checkNode(machine.node)])
  if (needs.compile) problems.push(...checkCompiler(machine))
  if (needs.java) problems.push(checkJava('java', machine.java))
  if (needs.jars) {
    problems.push(checkJava('javac', machine.javac))
    if (machine.maven === undefined) problems.push({ text: 'mvn (Apache Maven) is not installed', apt: true })
  }
  const diskBytes = needs.compile || needs.jars ? INSTALL_DISK_BYTES : RUN_DISK_BYTES
  if (machine.diskBytes < diskBytes) {
    problems.push({ text: `${formatGib(machine.diskBytes)} of disk are free where the project lies, ${formatGib(diskBytes)} are needed`, apt: false })
  }
  if ((needs.compile || needs.java) && machine.memoryBytes < MEMORY_BYTES) {
    problems.push({ text: `${formatGib(machine.memoryBytes)} of memory are available, ${formatGib(MEMORY_BYTES)} are needed`, apt: false })
  }
  if (!machine.loopback) problems.push({ text: 'no port can be opened on 127.0.0.1: the local servers listen there', apt: false })
  return problems.filter(isProblem)
}

/**
 * One message with every problem and every remedy.
 * @param {Problem[]} problems
 */
export function formatProblems (problems) {
  const lines = ['This machine is not ready for Penstock:', ...problems.map(problem => `  - ${problem.text}`)]
  if (problems.some(problem => problem.apt)) lines.push('', 'On Debian or Ubuntu this installs what is missing:', `  ${APT_LINE}`)
  return lines.join('\n')
}

/**
 * @param {string} version
 * @returns {Problem | undefined}
 */
export function checkNode (version) {
  if (NODE_MAJORS.indexOf(Number.parseInt(version, 10)) !== -1) return undefined
  return { text: `Node ${version} is not supported: install Node 24 (22 and 20 do, too) from https://nodejs.org or with \`nvm install 24\``, apt: false }
}

/**
 * The major version in what `java -version` or `javac -version` prints; 8 calls itself 1.8.
 * @param {string} text
 * @returns {number | undefined}
 */
export function parseJavaMajor (text) {
  const match = /(?:version "|javac )(\d+)(?:\.(\d+))?/.exec(text)
  if (match === null) return undefined
  return Number(match[1] === '1' ? match[2] : match[1])
}

/**
 * @param {'java' | 'javac'} tool
 * @param {string | undefined} version what it printed
 * @returns {Problem | undefined}
 */
function checkJava (tool, version) {
  if (version === undefined) return { text: `${tool} is not installed (a JDK of version ${MIN_JAVA_MAJOR} or later)`, apt: true }
  const major = parseJavaMajor(version)
  if (major !== undefined && major >= MIN_JAVA_MAJOR) return undefined
  return { text: `${tool} is of version ${major === undefined ? 'unknown' : major}, ${MIN_JAVA_MAJOR} or later is needed`, apt: true }
}

/** @param {Machine} machine */
function checkCompiler (machine) {
  /** @type {Problem[]} */
  const problems = []
  if (machine.python3 === undefined) problems.push({ text: 'python3 is not installed', apt: true })
  if (machine.make === undefined) problems.push({ text: 'make is not installed', apt: true })
  if (machine.gxx === undefined) {
    problems.push({ text: 'g++ is not installed', apt: true })
    return problems // Without a compiler there is no telling which headers are there.
  }
  if (!machine.cxx17) problems.push({ text: 'g++ is too old: it must compile C++17', apt: true })
  for (const name of machine.missingHeaders) {
    problems.push({ text: `the headers of ${name} are missing: the Kafka client would quietly lack what it gives`, apt: true })
  }
  return problems
}

/**
 * @param {Problem | undefined} problem
 * @returns {problem is Problem}
 */
function isProblem (problem) {
  return problem !== undefined
}

/**
 * What a tool prints about its version; undefined when it is not there or does not work.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string | undefined>}
 */
function versionOf (command, args) {
  return capture(command, args).then(result => result.code === 0 ? result.output : undefined)
}

/**
 * Whether the C++ compiler, in the language version that the Kafka client needs, finds a header.
 * @param {string} compiler
 * @param {string} header
 */
function preprocesses (compiler, header) {
  return capture(compiler, ['-std=c++17', '-E', '-x', 'c++', '-'], `#include <${header}>\n`).then(result => result.code === 0)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [input]
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function capture (command, args, input = '') {
  return new Promise(resolve => {
    const child = spawn(command, args)
    let output = ''
    child.stdout.on('data', bytes => { output += bytes })
    child.stderr.on('data', bytes => { output += bytes })
    child.stdin.on('error', () => {}) // It ended before it read: the exit code tells.
    child.once('error', () => resolve({ code: null, output }))
    child.once('close', code => resolve({ code, output }))
    child.stdin.end(input)
  })
}

/** @param {string} root */
function freeDiskBytes (root) {
  if (fs.statfsSync === undefined) return Number.POSITIVE_INFINITY // An old Node, which is refused anyway.
  const { bavail, bsize } = fs.statfsSync(root)
  return bavail * bsize
}

/** What new processes can get, page cache included; a container's limit where there is one. */
function availableMemoryBytes () {
  const limit = process.constrainedMemory === undefined ? 0 : process.constrainedMemory()
  return Math.min(limit > 0 ? limit : Number.POSITIVE_INFINITY, systemMemoryBytes())
}

function systemMemoryBytes () {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))
    if (match !== null) return Number(match[1]) * 1024
  } catch {}
  return os.totalmem() // `freemem` leaves out the page cache, which is nearly everything.
}

/** @returns {Promise<boolean>} */
function canBindLoopback () {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** @param {number} bytes */
function formatGib (bytes) {
  return `${(bytes / GIB).toFixed(2).replace(/\.?0+$/, '')} GiB`
}
