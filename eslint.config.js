import neostandard from 'neostandard'

/**
 * The rings: pipelines → connectors, validation → engine → errors. What a folder may not import, in one table.
 * `service` (configuration, logs, metrics, HTTP) is handed in; only `cli` and a pipeline's own `start` wire it.
 */
const RINGS = {
  'src/engine': ['pipelines', 'connectors', 'validation', 'service', 'cli', 'stack'],
  'src/validation': ['pipelines', 'connectors', 'service', 'cli', 'stack'],
  'src/connectors': ['pipelines', 'validation', 'service', 'cli', 'stack'],
  'src/service': ['pipelines', 'connectors', 'validation', 'cli', 'stack'],
  'src/stack': ['pipelines', 'engine', 'validation', 'cli']
}

const rings = Object.entries(RINGS).map(([folder, forbidden]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': ['error', {
      patterns: forbidden.map(other => ({
        regex: `^(\\.\\./)+${other}(/|$)`,
        message: `${folder} does not import ${other}: imports go pipelines → connectors, validation → engine → errors.`
      }))
    }]
  }
}))

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', '.tap/**', 'node_modules/**', '.local-stack/**', '.bootstrap/**'] }),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': neostandard.plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/only-throw-error': 'error'
    }
  },
  {
    files: ['src/**/*.ts', 'workers/**/*.ts'],
    ignores: ['src/service/config/**', 'src/cli/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Only the configuration reads the environment.' }]
    }
  },
  {
    // tap runs top-level tests one after the other by itself. Its assertions on promises must be awaited all the same.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: 'test' }]
      }]
    }
  },
  {
    // A pipeline never imports another.
    files: ['src/pipelines/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [
          { regex: '^(\\.\\./)+(events|routing|delivery|orders|partners)(/|$)', message: 'No pipeline imports another.' },
          { regex: '^(\\.\\./)+cli(/|$)', message: 'Pipelines do not know the command line.' }
        ]
      }]
    }
  },
  ...rings
]
