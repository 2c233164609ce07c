/** The kind of the record at an index if it is an invalid one: they come at even distances, the kinds in turn. */
export function invalidAt<K> (share: number, index: number, kinds: readonly K[]): K | undefined {
  const before = Math.floor(index * share)
  return kinds.length > 0 && Math.floor((index + 1) * share) > before ? kinds[before % kinds.length] : undefined
}
