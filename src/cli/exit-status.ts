/** Exit statuses of the commands. */

export const exitStatus = {
  /** The run ended normally. */
  done: 0,
  /**
   * Jobs failed finally (without `--allow-failures`), an action failed whose rule has `onError: stop`, or a service
   * or a run refused the request.
   */
  failure: 1,
  /** The configuration, a file or the command line is invalid, or the recording of a finished run is incomplete. */
  badInput: 2,
  /** The member failed, a system resource is missing, or the service is unreachable. */
  memberFailure: 3,
  /** The command succeeded, but its output could not be written. */
  outputLost: 4,
  /** A signal ended the run. */
  interrupted: 130,
} as const;
