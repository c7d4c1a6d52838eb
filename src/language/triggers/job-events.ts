/** Events of jobs that rules may wait for. The descriptions are shown in the documentation and by editors. */

/** Events of RFC 21, and `annotations`, which Flux also posts: the meaning of each event. */
export const JOB_EVENTS = {
  submit: 'A job was submitted.',
  validate: 'A job was found valid and taken in.',
  invalidate: 'A job was found invalid and dropped.',
  'set-flags': 'Flags of a job were set.',
  'jobspec-update': 'The jobspec of a job was changed.',
  'resource-update': 'The resources of a job were changed, for example their expiration.',
  'dependency-add': 'A dependency was added to a job.',
  'dependency-remove': 'A dependency of a job was satisfied or removed.',
  depend: 'All dependencies of a job are satisfied.',
  priority: 'A job was given a priority.',
  urgency: 'The urgency of a job was changed.',
  alloc: 'Resources were allocated to a job.',
  'prolog-start': 'A prolog of a job began.',
  'prolog-finish': 'A prolog of a job ended.',
  start: 'The tasks of a job began to run.',
  finish: 'The tasks of a job ended, well or badly.',
  'epilog-start': 'An epilog of a job began.',
  'epilog-finish': 'An epilog of a job ended.',
  release: 'Some or all resources of a job were released.',
  free: 'All resources of a job are back at the scheduler.',
  clean: 'A job is over and cleaned up: its last event.',
  exception: 'An exception was raised on a job; one of severity 0 ends it.',
  memo: 'A note was attached to a job.',
  'flux-restart': 'Flux was restarted while a job waited for resources.',
  debug: 'A debugging event was posted for a job.',
  annotations: 'The annotations of a job were changed.',
} as const satisfies Readonly<Record<string, string>>;

/** Events that are derived from several events: a job entered a state, or its outcome became known. */
export const DERIVED_EVENTS = {
  sched: 'A job entered the state SCHED: it waits for resources.',
  run: 'A job entered the state RUN: it has its resources.',
  cleanup: 'A job entered the state CLEANUP: it ended or was stopped.',
  inactive: 'A job entered the state INACTIVE: nothing more happens to it.',
  success: 'A job ended well, with exit code 0.',
  fail: 'A job failed: it ended with another exit code, by a signal or by an exception.',
  cancel: 'A job was cancelled.',
  timeout: 'A job was stopped because its time was up.',
  tell: 'A job told a value while it runs; `event.tell.NAME` has it. See [Jobs that speak](#jobs-that-speak).',
  stalled: "An active job has had no event for as long as its group's `stalled` says.",
} as const satisfies Readonly<Record<string, string>>;

/** The name of an event of a job, in a trigger `job-EVENT`. */
export type JobEventName = keyof typeof JOB_EVENTS | keyof typeof DERIVED_EVENTS;
