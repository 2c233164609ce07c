#!/usr/bin/env node
// @ts-check
/**
 * Writes the digest that each image tag of Dockerfile and docker-compose.yml stands for today behind the tag, so that
 * every later build takes the very same bytes. Run it again after changing a tag. Needs docker with buildx.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** `ARG NODE_IMAGE=<tag>` or `image: <tag>`, with or without a digest; our own image is built, not pulled. */
const IMAGE = /^(ARG NODE_IMAGE=|\s+image: )(?!penstock:)([^@\s]+)(?:@sha256:[0-9a-f]{64})?$/gm
const DIGEST = /^sha256:[0-9a-f]{64}$/

const edits = ['Dockerfile', 'docker-compose.yml'].map(name => {
  const file = new URL(`../${name}`, import.meta.url)
  return { file, text: readFileSync(file, 'utf8').replace(IMAGE, (_, before, tag) => `${before}${tag}@${digestOf(tag)}`) }
})
// Only when all digests are known: half a change would be worse than none.
for (const { file, text } of edits) writeFileSync(file, text)

/** @param {string} tag */
function digestOf (tag) {
  const digest = execFileSync('docker', ['buildx', 'imagetools', 'inspect', tag, '--format', '{{.Manifest.Digest}}'], { encoding: 'utf8' }).trim()
  if (!DIGEST.test(digest)) throw new Error(`docker said no digest for ${tag}: ${digest}`)
  console.log(`${tag} ${digest}`)
  return digest
}
