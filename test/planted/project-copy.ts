import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { applyPatch } from './apply-patch.js'
import { type Bug } from './bug.js'

/** What a bug may change or a run may write to; everything else is linked. */
const COPIED = ['src', 'dist']
const LEFT_OUT = new Set([...COPIED, '.git', '.tap', '.bootstrap', '.local-stack'])

/** Copies the sources and what is built of them, without source maps: they would be wrong where a bug is planted. */
export function copyProject (from: string, to: string): void {
  mkdirSync(to)
  for (const name of readdirSync(from)) if (!LEFT_OUT.has(name)) symlinkSync(join(from, name), join(to, name))
  const isWanted = (file: string): boolean => !file.endsWith('.map') && !file.endsWith('.tsbuildinfo')
  for (const name of COPIED) cpSync(join(from, name), join(to, name), { recursive: true, filter: isWanted })
}

/** Applies a bug to the sources of a copy and builds the files it changes. Throws when it does not apply. */
export function plant (bug: Bug, copy: string): void {
  applyPatch(bug.patch, copy)
  const compilerOptions = readCompilerOptions(copy)
  for (const source of bug.sources) {
    const fileName = join(copy, source)
    const { outputText, diagnostics = [] } = ts.transpileModule(readFileSync(fileName, 'utf8'), { compilerOptions, fileName, reportDiagnostics: true })
    const [problem] = diagnostics
    if (problem !== undefined) throw new Error(`${source} is no TypeScript once the bug is planted: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`)
    writeFileSync(builtFile(copy, source), outputText)
  }
}

/** Where the build has put a source file. */
export function builtFile (root: string, source: string): string {
  return join(root, 'dist', source.replace(/\.ts$/, '.js'))
}

/** The project's own, but for one file at a time: there is no package.json to tell that modules are ES modules. */
function readCompilerOptions (root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: object } }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  return { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, sourceMap: false, incremental: false }
}
