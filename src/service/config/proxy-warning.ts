const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']

/** A proxy that the environment names is not used, which somebody who named it will want to know. */
export function proxyWarning (env: Readonly<Record<string, string | undefined>>): string[] {
  const found = VARIABLES.find(variable => (env[variable] ?? '') !== '')
  return found === undefined
    ? []
    : [`${found} has no effect: calls to AWS go past proxies, as the AWS SDK's do. Where only a proxy leads out, use VPC endpoints, or AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SQS`]
}
