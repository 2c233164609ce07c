/** A request as it is signed, but its body and what the signer adds. */
export interface SignableRequest {
  readonly method: string
  /** As it is sent. */
  readonly path: string
  /** In canonical form: sorted, encoded, without the question mark; empty for none. */
  readonly query: string
  /** By lower-case name, all of which are signed: `host` must be among them. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The canonical request up to the hash of its body, which is its last line.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
 */
export function canonicalHead ({ method, path, query, headers }: SignableRequest): string {
  const names = Object.keys(headers).sort()
  const lines = names.map(name => `${name}:${canonicalValue(headers[name] ?? '')}\n`)
  return `${method}\n${canonicalPath(path)}\n${query}\n${lines.join('')}\n${names.join(';')}\n`
}

export function signedHeaders ({ headers }: SignableRequest): string {
  return Object.keys(headers).sort().join(';')
}

/** Of services other than S3: dots and doubled slashes resolved, then encoded once more than it is sent. */
function canonicalPath (path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.map(encode).join('/')}${end}`
}

/** https://www.rfc-editor.org/rfc/rfc3986#section-2.3: everything is encoded but the unreserved characters. */
function encode (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function canonicalValue (value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}
