import { type IncomingHttpHeaders } from 'node:http'
import { type HttpAnswer } from './exchange.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * The error of an answer, in the shape the AWS SDK rejects with as far as `classifyError` reads it. The name is looked
 * for where the SDK looks for it, in its order; services put it in one or several of these places.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
 *
 * `spokeQuery`: the service once spoke the Query protocol and is asked to say which name it gave then, as SQS.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
 */
export function serviceError ({ status, headers, body }: HttpAnswer, spokeQuery: boolean): Error {
  const { name, message } = describe(body, headers, spokeQuery)
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, $response: { headers } })
}

function describe (body: string, headers: IncomingHttpHeaders, spokeQuery: boolean): { readonly name: string, readonly message: string } {
  let fields: Fields
  try {
    fields = fieldsOf(body === '' ? {} : JSON.parse(body))
    if (spokeQuery) fields = { ...fields, ...queryFields(headers) }
  } catch {
    return { name: 'SyntaxError', message: 'the answer is not JSON' } // A page of a proxy, say.
  }
  const places = spokeQuery
    ? [codeIn(fields), headers['x-amzn-errortype'], fields['__type']]
    : [fields['__type'], codeIn(fields), headers['x-amzn-errortype']]
  const name = places.find(place => place !== undefined && place !== null)
  const message = fields['message'] ?? fields['Message']
  return {
    name: typeof name === 'string' || typeof name === 'number' ? bare(String(name)) : 'Unknown',
    message: typeof message === 'string' ? message : 'UnknownError'
  }
}

/** From `AWS.SimpleQueueService.NonExistentQueue;Sender`. */
function queryFields (headers: IncomingHttpHeaders): Fields {
  const header = headers['x-amzn-query-error']
  return typeof header === 'string' ? { Code: header.split(';')[0] } : {}
}

function codeIn (fields: Fields): unknown {
  const name = Object.keys(fields).find(name => name.toLowerCase() === 'code')
  return name === undefined ? undefined : fields[name]
}

/** `com.amazonaws.dynamodb#ValidationException:http://…` without what stands around its name. */
function bare (name: string): string {
  const [uncut = ''] = name.split(/[,:]/)
  return uncut.split('#')[1] ?? uncut
}

function fieldsOf (value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {}
}
