import { readFile } from 'node:fs/promises'
import t from 'tap'
import { generatedDocuments } from '../../../src/cli/config.js'

const PROJECT = new URL('../../../../', import.meta.url)

t.test('The documents that are generated from the schema and the metrics are up to date', async t => {
  const documents = await generatedDocuments()
  t.ok(documents.size >= 3)
  for (const [path, expected] of documents) {
    const present = await readFile(new URL(path, PROJECT), 'utf8')
    t.ok(present === expected, `${path}; if not: penstock config --write`)
  }
})
