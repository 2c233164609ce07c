const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']

/** A proxy that the environment names is not used, which somebody who named it will want to know. `proxied` says what goes past it. */
export function proxyWarning (env: Readonly<Record<string, string | undefined>>, proxied: string): string[] {
  const found = VARIABLES.find(variable => (env[variable] ?? '') !== '')
  return found === undefined
    ? []
    : [`${found} has no effect: ${proxied}`]
}
