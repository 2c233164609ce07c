import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile, as far as it is needed. */
interface Profile {
  readonly nodes: ReadonlyArray<{ readonly id: number, readonly callFrame: { readonly functionName: string, readonly url: string } }>
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface ProfileSummary {
  readonly file: string
  /** Self time of the busy part, by who owns the code, largest first; the shares add up to 1. */
  readonly owners: ReadonlyArray<{ readonly owner: string, readonly share: number }>
}

/** Who owns the main thread's busy time, for people. */
export function profileNotes (folder: string, pid: number): string[] {
  const { file, owners } = summarizeProfile(folder, pid)
  return [[`main thread, busy time by owner (${file}):`, ...owners.slice(0, 12).map(({ owner, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${owner}`)].join('\n')]
}

/** Sums up the profile that the main thread of a process has written into a folder. */
export function summarizeProfile (folder: string, pid: number): ProfileSummary {
  // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile; the main thread is 0.
  const name = readdirSync(folder).find(file => file.includes(`.${pid}.0.`))
  if (name === undefined) throw new Error(`no profile of process ${pid} in ${folder}`)
  const file = join(folder, name)
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const ownerOf = new Map(profile.nodes.map(node => [node.id, owner(node.callFrame)]))
  const micros = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const name = ownerOf.get(id) ?? '?'
    if (name !== '(idle)') micros.set(name, (micros.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  const total = [...micros.values()].reduce((sum, value) => sum + value, 0)
  const owners = [...micros].map(([owner, value]) => ({ owner, share: value / total })).sort((a, b) => b.share - a.share)
  return { file, owners }
}

function owner ({ functionName, url }: { readonly functionName: string, readonly url: string }): string {
  if (functionName === '(idle)') return functionName
  const parcel = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (parcel !== undefined) return /^@(aws|smithy|aws-sdk|aws-crypto)\b/.test(parcel) ? 'AWS SDK' : parcel
  if (url.startsWith('node:')) return /^node:(_?http|net|internal\/(stream|http)|_tls|tls|dns)/.test(url) ? 'node http and net' : 'node, the rest'
  if (url === '') return functionName.startsWith('(') ? functionName : `native ${functionName}`
  const own = /\/dist\/src\/([^/]+)/.exec(url)?.[1]
  return own === undefined ? 'penstock' : `penstock ${own}`
}
