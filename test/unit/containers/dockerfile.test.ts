import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importScript } from '../scripts/import-script.js'
import { all, copySources, only, parseDockerfile, type Stage } from './parse-dockerfile.js'
import { MANIFEST, PINNED_IMAGE, readProjectFile, ROOT } from './read-file.js'

const { APT_LINE, NODE_MAJORS } = await importScript<{ APT_LINE: string, NODE_MAJORS: number[] }>('requirements.mjs')
const stages = parseDockerfile(readProjectFile('Dockerfile'))
const [build, final] = stages as [Stage, Stage]
const ignored = readProjectFile('.dockerignore').split('\n').filter(line => line !== '' && !line.startsWith('#'))

t.test('There is a stage that builds and one that runs, from the same image with a full tag and a Node that is supported', async t => {
  t.same(stages.map(stage => stage.name), ['build', undefined])
  t.equal(build.image, final.image)
  t.match(final.image, PINNED_IMAGE)
  const major = Number(/^node:(\d+)\./.exec(final.image)?.[1])
  t.ok(NODE_MAJORS.includes(major), `Node ${major}`)
})

t.test('What runs has a numeric user that is not root and is the last one named, and starts without a shell', async t => {
  t.match(only(final, 'USER').text, /^[1-9]\d*:[1-9]\d*$/)
  const names = final.instructions.map(({ name }) => name)
  t.ok(names.indexOf('USER') < names.indexOf('ENTRYPOINT'))
  t.notOk(names.slice(names.indexOf('USER')).includes('COPY'), 'what is copied belongs to root')
  t.ok(only(final, 'ENTRYPOINT').words && only(final, 'CMD').words && only(final, 'HEALTHCHECK').words, 'JSON forms: signals reach the launcher')
  t.equal(only(final, 'STOPSIGNAL').text, 'SIGTERM')
})

t.test('The entry point is the binary of the package', async t => {
  t.same(only(final, 'ENTRYPOINT').words, ['node', MANIFEST.bin.penstock])
  t.same(only(final, 'CMD').words, ['run', 'events'])
  t.ok(copiedToFinal('dist/src') && MANIFEST.bin.penstock.startsWith('dist/src/'))
})

t.test('Every file that is copied exists, and .dockerignore lets it through', async t => {
  const sources = all(build, 'COPY').flatMap(copy => copySources(copy).sources)
  t.ok(sources.includes('src'))
  for (const source of sources) {
    t.ok(existsSync(join(ROOT, source)), source)
    t.ok(ignored.includes(`!${source}`), `${source} is let through`)
  }
})

t.test('What runs copies nothing but what the build stage made or copied', async t => {
  const made = ['node_modules', 'dist/src', 'dist/workers', 'docker', ...all(build, 'COPY').flatMap(copy => copySources(copy).sources)]
  for (const copy of all(final, 'COPY')) {
    const { from, sources } = copySources(copy)
    t.equal(from, 'build')
    for (const source of sources) t.ok(made.includes(source.replace('/app/', '')), source)
  }
})

t.test('.dockerignore shuts everything out first, and opens nothing that may hold a secret', async t => {
  t.equal(ignored[0], '*')
  t.same(ignored.slice(1).filter(line => !line.startsWith('!')), [])
  t.same(ignored.filter(line => /\.env|\.git|node_modules|dist|local-stack|\*\*/.test(line)), [])
})

t.test('Nothing is added from an archive or the network, and no list of packages stays', async t => {
  for (const stage of stages) {
    t.same(all(stage, 'ADD'), [])
    for (const { text } of all(stage, 'RUN').filter(({ text }) => text.includes('apt-get'))) {
      t.match(text, /--no-install-recommends .*rm -rf \/var\/lib\/apt\/lists\/\*/)
    }
  }
})

t.test('The build has the packages that the README\'s line names for the compiler', async t => {
  const ofStack = ['openjdk-17-jdk-headless', 'maven']
  const wanted = APT_LINE.replace(/^sudo apt install /, '').split(' ').filter(name => !ofStack.includes(name))
  t.same(installed(build).sort(), wanted.sort())
})

t.test('What runs has the library of every header that the build had, and the authorities of TLS', async t => {
  const packages = installed(final)
  for (const name of ['libssl3', 'zlib1g', 'libzstd1', 'ca-certificates']) t.ok(packages.includes(name), name)
  t.notOk(packages.some(name => name.endsWith('-dev') || name === 'build-essential'))
})

t.test('The finished image must pass the check of its Kafka client, as the user that will run it', async t => {
  const names = final.instructions.map(({ name, words }) => words?.includes('docker/check-client.mjs') === true ? 'CHECK' : name)
  t.ok(names.indexOf('USER') < names.indexOf('CHECK'))
})

t.test('The health check asks for life with a file that is in the image', async t => {
  t.same(only(final, 'HEALTHCHECK').words, ['node', 'docker/probe.mjs', '/live'])
  t.ok(copiedToFinal('docker'))
  t.match(only(final, 'ENV').text, /\bADMIN_HOST=0\.0\.0\.0\b/)
  t.equal(only(final, 'EXPOSE').text, '9400')
})

t.test('The labels say what package.json says', async t => {
  const { text } = only(final, 'LABEL')
  t.match(text, `version="${MANIFEST.version}"`)
  t.match(text, `licenses="${MANIFEST.license}"`)
})

function installed (stage: Stage): string[] {
  const run = all(stage, 'RUN').find(({ text }) => text.includes('apt-get install'))
  return /--no-install-recommends ([^&]+)&&/.exec(run?.text ?? '')?.[1]?.trim().split(/\s+/) ?? []
}

function copiedToFinal (path: string): boolean {
  return all(final, 'COPY').some(copy => copySources(copy).sources.includes(`/app/${path}`))
}
