/**
 * All errors that flux-ensemble throws or reports, in one tree. Programs distinguish errors by their stable `code`.
 * The message is for people: it says what was wrong, where, and what to do.
 */

/** Stable error codes, one for each kind of error. */
export type ErrorCode =
  /** The YAML file or object is not a valid ensemble. */
  | 'ERR_CONFIG'
  /** A requested file can't be read or written. */
  | 'ERR_FILE'
  /**
   * The native addon can't be loaded: it was not built, or was built for another Node or machine; or an optional package
   * that a command needs is not installed.
   */
  | 'ERR_ADDON'
  /** The native engine refused a command. */
  | 'ERR_ENGINE'
  /** The object was used after `close()`. */
  | 'ERR_CLOSED'
  /** The member that runs the jobs failed as a whole: its process died or its connection was lost. */
  | 'ERR_MEMBER'
  /** The requested member is not part of this build or can't run on this machine. */
  | 'ERR_MEMBER_UNAVAILABLE'
  /** An action failed. */
  | 'ERR_ACTION'
  /** A function of the user threw, rejected, or returned an invalid action. */
  | 'ERR_CUSTOM'
  /** A function of the user did not answer within its timeout. */
  | 'ERR_CUSTOM_TIMEOUT'
  /** A value of `measure:` was not found for a job. */
  | 'ERR_MEASURE'
  /** A method of the observer of a run failed. */
  | 'ERR_OBSERVER'
  /** A notification could not be delivered. */
  | 'ERR_NOTIFY'
  /** A run is unknown, another process drives it, or its record is damaged. */
  | 'ERR_RUN'
  /** A test of an ensemble refers to unknown jobs. */
  | 'ERR_TEST'
  /** A service can't listen at its address, or refused a request. */
  | 'ERR_SERVICE'
  /** No service answers at the address. */
  | 'ERR_SERVICE_UNREACHABLE'
  /** A socket's folder, a token or key file, or a connection is accessible to others than intended. */
  | 'ERR_INSECURE';

/** The root of the tree: every error of this package is an instance of it. */
export class EnsembleError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** One fault or oddity at one place of a configuration. */
export interface Diagnostic {
  /** An error keeps the ensemble from running; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** The path in the document: `rules[1].action.label`; empty for the document itself. */
  readonly path: string;
  /** The value found, the allowed ones, and a suggestion where one is near. */
  readonly message: string;
  /** The file, or null when the configuration came as an object. */
  readonly file: string | null;
  /** Line and column, counted from 1; null when the configuration came as an object. */
  readonly line: number | null;
  readonly column: number | null;
}

/** An invalid configuration; `diagnostics` holds all of its faults. */
export class ConfigError extends EnsembleError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super('ERR_CONFIG', message, options);
    this.diagnostics = diagnostics;
  }
}

/** The member as a whole failed; jobs may still be running there. */
export class MemberError extends EnsembleError {
  constructor(message: string, options?: ErrorOptions & { code?: 'ERR_MEMBER' | 'ERR_MEMBER_UNAVAILABLE' }) {
    super(options?.code ?? 'ERR_MEMBER', message, options);
  }
}

/** A service failed, or the connection to one. */
export class ServiceError extends EnsembleError {
  constructor(
    message: string,
    options?: ErrorOptions & { code?: 'ERR_SERVICE' | 'ERR_SERVICE_UNREACHABLE' | 'ERR_INSECURE' },
  ) {
    super(options?.code ?? 'ERR_SERVICE', message, options);
  }
}

/** An action of a rule failed; the run goes on unless the rule says otherwise. */
export class ActionError extends EnsembleError {
  /** Index of the rule in the configuration, counted from 0; -1 for an action requested from outside. */
  readonly rule: number;

  constructor(
    message: string,
    rule: number,
    options?: ErrorOptions & { code?: 'ERR_ACTION' | 'ERR_CUSTOM' | 'ERR_CUSTOM_TIMEOUT' },
  ) {
    super(options?.code ?? 'ERR_ACTION', message, options);
    this.rule = rule;
  }
}
