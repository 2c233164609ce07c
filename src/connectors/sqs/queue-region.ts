/** `sqs.<region>.amazonaws.com`, in China with `.cn`; `<region>.queue.amazonaws.com` is an older form. */
const HOST = /^(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?$/

/**
 * What is wrong with the region of a queue's URL; `undefined` if nothing is. Of a URL only account and name count: calls go
 * to the client's own endpoint, where a queue of that name may be another one. `arn`: of the queue that was found there.
 */
export function regionProblem (url: string, arn: string | undefined): string | undefined {
  const [, current, former] = HOST.exec(URL.canParse(url) ? new URL(url).hostname : '') ?? []
  const meant = current ?? former
  const found = arn?.split(':')[3]
  if (meant === undefined || found === undefined || found === '' || meant === found) return undefined
  return `${url} is in ${meant}, and calls go to ${found}, to a queue of the same name`
}
