/** What a run of schedules must reach: every command, marked with a dot, and the states that matter. */
export const STATES: readonly string[] = [
  '⋅ a call ends', '⋅ a call hangs', '⋅ a call of the past arrives', '⋅ a commit is answered', '⋅ a commit is answered late', '⋅ a poll begins',
  '⋅ a storm', '⋅ an examination ends', '⋅ another member works', '⋅ partitions are assigned', '⋅ partitions are revoked', '⋅ poll',
  '⋅ replays are taken', '⋅ the group throws the member out', '⋅ the member learns of it', '⋅ the process crashes', '⋅ the process stops',
  '⋅ time passes',
  'attempts exhausted', 'call done, its answer lost', 'call entries', 'call environment', 'call failed', 'call failed and landed later',
  'call for probe', 'call given up', 'call rejected', 'call that outlived its epoch', 'call throttled', 'call too little', 'commit answer lost',
  'commit answered late', 'commit that failed', 'conditional write that came too late', 'deletion that failed', 'drain that ended',
  'drain that was cut', 'end after its epoch', 'end of a log above its last record', 'epoch that ended clean', 'epoch that was cut',
  'examination failed', 'failed entries sent again', 'hand-over by a hold', 'hand-over of a burnt attempt', 'hand-over refused', 'hold ended',
  'hold for ACCESS_DENIED', 'hold for UNAVAILABLE', 'message sent again', 'offset surfaced twice', 'partition blocked by its span',
  'partitions lost', 'poll after a long silence', 'poll without credit', 'probe of a held channel', 'record coalesced',
  'record cut between its branches', 'record of an epoch that takes no more', 'record overtaken in its call', 'record split', 'replay ended', 'replay postponed', 'stated inversion',
  'stop that drained', 'stop that was cut', 'valid record in the dead letters'
]
