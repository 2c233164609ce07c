// @ts-check
/**
 * The steps from a bare clone to something that runs: packages, build, servers' jars. Each knows what its result depends
 * on and is skipped while that is unchanged.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { runStep } from './child.mjs'
import { hashInputs, listFiles, readStamp, removeStamp, writeStamp } from './stamp.mjs'

/** What the Kafka client must have been compiled with. */
const CLIENT_FEATURES = ['ssl', 'gzip', 'zstd']

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => string} inputs the hash of what its result depends on
 * @property {() => boolean} hasResult
 * @property {() => Promise<void>} run
 */

/**
 * @param {string} root the checkout
 * @returns {{ install: Step, build: Step, jars: Step, registry: Step }}
 */
export function createSteps (root) {
  return { install: installStep(root), build: buildStep(root), jars: jarsStep(root), registry: registryStep(root) }
}

/**
 * @param {string} root
 * @param {Step} step
 */
export function isDone (root, step) {
  return step.hasResult() && readStamp(stateFolder(root), step.name) === step.inputs()
}

/**
 * @param {string} root
 * @param {Step} step
 */
export async function ensureStep (root, step) {
  if (isDone(root, step)) return
  const inputs = step.inputs()
  removeStamp(stateFolder(root), step.name)
  await step.run()
  writeStamp(stateFolder(root), step.name, inputs)
}

/** @param {string} root */
export function stateFolder (root) {
  return path.join(root, '.bootstrap')
}

/**
 * @param {string} root
 * @returns {Step}
 */
function installStep (root) {
  const modules = path.join(root, 'node_modules')
  const installedLock = path.join(modules, '.package-lock.json')
  return {
    name: 'install',
    inputs: () => hashInputs([path.join(root, 'package-lock.json')], [process.versions.modules, process.platform, process.arch]),
    hasResult: () => fs.existsSync(installedLock),
    async run () {
      if (isInstalled(root, installedLock) && missingFeatures(root).length === 0) return // by hand, with npm
      const [command, ...npm] = npmCommand()
      await runStep({
        title: 'Install the packages (the Kafka client is compiled: 2 to 4 minutes)',
        command,
        args: [...npm, 'ci', '--no-audit', '--no-fund', '--foreground-scripts'],
        cwd: root,
        env: { ...ownNode(), ...nodeHeaders(), ...serialMake() },
        logFile: path.join(stateFolder(root), 'install.log'),
        remedy: 'If it can not be told from the log: remove node_modules and run the command again.'
      })
      const missing = missingFeatures(root)
      if (missing.length === CLIENT_FEATURES.length) {
        throw new Error(`The Kafka client does not load in Node ${process.versions.node}: remove node_modules and run the command again. The log is in .bootstrap/install.log.`)
      }
      if (missing.length > 0) {
        throw new Error(`The Kafka client was compiled without ${missing.join(', ')}: install the headers (libssl-dev, zlib1g-dev, libzstd-dev), remove node_modules, then run the command again.`)
      }
    }
  }
}

/**
 * @param {string} root
 * @returns {Step}
 */
function buildStep (root) {
  const folders = ['src', 'workers', 'bench', 'test']
  const sources = () => folders.flatMap(folder => listFiles(path.join(root, folder), '.ts'))
  const dist = path.join(root, 'dist')
  return {
    name: 'build',
    inputs: () => hashInputs([path.join(root, 'tsconfig.json'), path.join(root, 'package-lock.json'), ...sources()]),
    hasResult: () => fs.existsSync(path.join(dist, '.tsbuildinfo')),
    async run () {
      await runStep({
        title: 'Build',
        command: process.execPath,
        args: [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
        cwd: root,
        logFile: path.join(stateFolder(root), 'build.log'),
        remedy: 'These are mistakes in the sources: correct them, then run the command again.'
      })
      removeOrphans(root, dist)
    }
  }
}

/**
 * @param {string} root
 * @returns {Step}
 */
function jarsStep (root) {
  const stack = path.join(root, 'stack')
  const dynamodb = path.join(stack, 'dynamodb-local')
  const servers = ['kafka', 'connect', 'dynamodb-local', 'elasticmq']
  const mainClass = path.join(dynamodb, 'DynamoDbLocalOnLoopback.java')
  const classes = path.join(dynamodb, 'classes')
  return {
    name: 'jars',
    inputs: () => hashInputs([path.join(stack, 'pom.xml'), ...servers.map(server => path.join(stack, server, 'pom.xml')), mainClass]),
    hasResult: () => fs.existsSync(classes) && servers.every(server => fs.existsSync(path.join(stack, server, 'lib'))),
    async run () {
      // The class path is "everything in lib": a jar of a former version must not stay.
      for (const server of servers) fs.rmSync(path.join(stack, server, 'lib'), { recursive: true, force: true })
      await runStep({
        title: 'Fetch the local servers with Maven (165 MB: about a minute)',
        command: 'mvn',
        args: ['-B', '-ntp', '-f', path.join(stack, 'pom.xml'), 'dependency:copy-dependencies'],
        cwd: root,
        logFile: path.join(stateFolder(root), 'jars.log'),
        remedy: 'Run the command again; what was fetched is kept.'
      })
      await runStep({
        title: 'Compile the start of DynamoDB Local',
        command: 'javac',
        args: ['-cp', path.join(dynamodb, 'lib', '*'), '-d', classes, mainClass],
        cwd: root,
        logFile: path.join(stateFolder(root), 'javac.log'),
        remedy: 'A JDK of version 17 or later is needed.'
      })
    }
  }
}

/**
 * @param {string} root
 * @returns {Step}
 */
function registryStep (root) {
  const stack = path.join(root, 'stack')
  const pom = path.join(stack, 'registry', 'pom.xml')
  const lib = path.join(stack, 'registry', 'lib')
  return {
    name: 'registry',
    inputs: () => hashInputs([path.join(stack, 'pom.xml'), pom]),
    hasResult: () => fs.existsSync(path.join(lib, 'lib')),
    async run () {
      fs.rmSync(lib, { recursive: true, force: true })
      await runStep({
        title: 'Fetch the schema registry with Maven (136 MB: about half a minute)',
        command: 'mvn',
        args: ['-B', '-ntp', '-f', pom, 'dependency:unpack-dependencies'],
        cwd: root,
        logFile: path.join(stateFolder(root), 'registry.log'),
        remedy: 'Run the command again; what was fetched is kept.'
      })
    }
  }
}

/**
 * Whether node_modules holds what the lock file names. npm keeps its own account of it there.
 * @param {string} root
 * @param {string} installedLock
 */
function isInstalled (root, installedLock) {
  if (!fs.existsSync(installedLock)) return false
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  const installed = readPackages(installedLock)
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '') return true // the project itself
    const found = installed[name]
    return found === undefined ? entry.optional === true : found.version === entry.version && found.integrity === entry.integrity
  })
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function readPackages (file) {
  return JSON.parse(fs.readFileSync(file, 'utf8')).packages
}

/**
 * @param {string} root
 * @returns {string[]} all, when the client does not load
 */
function missingFeatures (root) {
  try {
    const script = 'console.log(JSON.stringify(require("node-rdkafka").features))'
    const features = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return CLIENT_FEATURES.filter(feature => !features.includes(feature))
  } catch {
    return CLIENT_FEATURES
  }
}

/**
 * The npm that runs us, or the one on the path.
 * @returns {[string, ...string[]]}
 */
function npmCommand () {
  const running = process.env.npm_execpath
  return running !== undefined && running.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm']
}

/**
 * Packages are compiled for the Node that npm and node-gyp run in: this one, also when another is first on the path.
 * @returns {NodeJS.ProcessEnv}
 */
function ownNode () {
  return { PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter) }
}

/**
 * The headers that came with this Node, if they are its own: node-gyp then downloads none.
 * @returns {NodeJS.ProcessEnv}
 */
function nodeHeaders () {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)))
  const header = path.join(prefix, 'include', 'node', 'node_version.h')
  if (process.env.npm_config_nodedir !== undefined || !fs.existsSync(header)) return {}
  const text = fs.readFileSync(header, 'utf8')
  const version = ['MAJOR', 'MINOR', 'PATCH'].map(part => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1]).join('.')
  return version === process.versions.node ? { npm_config_nodedir: prefix } : {}
}

/**
 * One compiler at a time, whatever the environment says: node-rdkafka 3.6.1 names librdkafka's config.h by two paths, and
 * a parallel make stops with "No rule to make target '../deps/librdkafka/config.h'".
 * @returns {NodeJS.ProcessEnv}
 */
function serialMake () {
  return { JOBS: '1', npm_config_jobs: '1', MAKEFLAGS: '', GNUMAKEFLAGS: '' }
}

/**
 * Removes what was built from sources that are no more: a deleted test would go on being run.
 * @param {string} root
 * @param {string} dist
 */
function removeOrphans (root, dist) {
  for (const file of listFiles(dist, '.js')) {
    const source = path.join(root, path.relative(dist, file)).replace(/\.js$/, '.ts')
    if (fs.existsSync(source)) continue
    fs.rmSync(file)
    fs.rmSync(`${file}.map`, { force: true })
  }
}
