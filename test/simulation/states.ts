/** What a run of schedules must reach. The commands stand first, each with a dot. */
export const STATES: readonly string[] = []
