/** What a destination has taken of events whose payload is their number among those of their user, from 0 on. */
export class DeliveryTaken {
  readonly ids = new Set<string>()
  /** First deliveries after that of a later event of the same user. */
  readonly overtaken: string[] = []
  repeats = 0
  readonly #highest = new Map<string, number>()

  take (id: string, body: Buffer): void {
    if (this.ids.has(id)) {
      this.repeats++
      return
    }
    this.ids.add(id)
    const { user_id: user, payload } = JSON.parse(body.toString()) as { user_id: string, payload: string }
    const highest = this.#highest.get(user) ?? -1
    if (Number(payload) < highest) this.overtaken.push(`${payload} of ${user} after ${highest}`)
    this.#highest.set(user, Math.max(highest, Number(payload)))
  }
}
