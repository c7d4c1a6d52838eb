/** What a command's exit status means. */

export const exitStatus = {
  /** The ensemble came to its end. */
  done: 0,
  /**
   * Jobs failed in the end (not with `--allow-failures`), an action did whose rule says `onError: stop`, or a service,
   * or the run that it asked, refused.
   */
  failure: 1,
  /** The configuration, a file or the command line is wrong; or a run that is done has no whole recording. */
  badInput: 2,
  /** The member failed, the system lacks something that is needed, or no service could be reached. */
  memberFailure: 3,
  /** All went well, but something that was printed could not be written. */
  outputLost: 4,
  /** A signal ended the run. */
  interrupted: 130,
} as const;
