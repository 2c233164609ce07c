const ignore = (): void => {}

/** A listener that ignores what it is not made for. */
export function listenTo<L extends object> (heard: Partial<L>): L {
  return new Proxy(heard, { get: (listener, name) => Reflect.get(listener, name) ?? ignore }) as L
}
