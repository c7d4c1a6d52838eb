/** The names of the checks, and the form of a fault. */

import type { MemberCheckOptions } from '../../../src/testing/index.js';

export const SENTINEL = 'the records begin with the sentinel';
export const LIFE = 'the events of a job come in order, from submit to clean';
export const JOBSPEC =
  'the jobspec of a submit event shows the group, the run, the origin and the parameters';
export const SUBMIT = 'submit() resolves after the submit events of its jobs, also when calls overlap';
export const PROGRAM = 'a job runs with its arguments, variables, working directory and files';
export const STATUS = 'a job that fails has its status as of wait(2)';
export const LIMIT = 'a job over its time limit ends with a timeout exception';
export const CANCEL = 'cancel() ends pending and running jobs by a cancel exception';
export const UNKNOWN = 'cancel() ignores unknown jobs and jobs that have ended';
export const EXPLAIN = 'explain() knows nothing about a job that is unknown';
export const URGENCY = 'pending jobs start by urgency, and then in the order of their submission';
export const HOLD = 'a job with urgency 0 is held until its urgency is set';
export const RESIZE = 'resize() adds slots for pending jobs, and removes slots without ending jobs';
export const TOO_LARGE = 'a job that is too large waits while the member may grow, and fails otherwise';
export const MANY = 'many jobs of one submission all end';
export const SLOW = 'no job starts before the log has its submit event, and a slow log loses nothing';
export const INTERRUPTED = 'stop() of an interrupted run ends all jobs and their processes';
export const DONE = 'stop() of a run that is done ends jobs that nothing else would end';
export const RECONCILE = 'reconcile() shows each job of an earlier process once';
export const GRACE = 'a second stop() with a shorter grace shortens the first one';

/** Seconds for a member that never does what is expected. */
export const SHORT = 1.5;
export const never = () => new Promise<never>(() => {});
export type Make = MemberCheckOptions['make'];

/** The check, the fault, the member with it, a part of the message, and the patience in seconds. */
export type Fault = readonly [string, string, Make, string | RegExp, number?];
