/**
 * Everything that flux-ensemble throws or reports, in one tree. Programs tell errors apart by `code`,
 * which is stable; the message is for people and says what was wrong, where, and what to do.
 */

/** Stable error codes, one for each thing that can go wrong. */
export type ErrorCode =
  /** The YAML file or object is not a valid ensemble. */
  | 'ERR_CONFIG'
  /** A file that was asked for can't be read or written. */
  | 'ERR_FILE'
  /** The native addon can't be loaded: not built, or built for another Node or machine. */
  | 'ERR_ADDON'
  /** The native engine refused a command. */
  | 'ERR_ENGINE'
  /** The object was used after `close()`. */
  | 'ERR_CLOSED'
  /** What runs the jobs failed as a whole: its process died, its connection was lost. */
  | 'ERR_MEMBER'
  /** The member asked for is not part of this build or can't run on this machine. */
  | 'ERR_MEMBER_UNAVAILABLE'
  /** An action could not be done. */
  | 'ERR_ACTION'
  /** A function of the user threw, rejected, or returned something that is no action. */
  | 'ERR_CUSTOM'
  /** A function of the user did not answer within its timeout. */
  | 'ERR_CUSTOM_TIMEOUT'
  /** A method of the observer of a run failed. */
  | 'ERR_OBSERVER'
  /** A test of an ensemble says something of jobs that are not there. */
  | 'ERR_TEST'
  /** A service can't listen where it should, or refused what was asked of it. */
  | 'ERR_SERVICE'
  /** No service answers at the address. */
  | 'ERR_SERVICE_UNREACHABLE'
  /** A socket's folder, a token's or key's file, or a connection is open to others than it should be. */
  | 'ERR_INSECURE';

/** The root of the tree: every error that this package throws is one. */
export class EnsembleError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** One thing wrong with (or odd about) a configuration, at one place of it. */
export interface Diagnostic {
  /** An error keeps the ensemble from running, a warning does not. */
  readonly severity: 'error' | 'warning';
  /** Where in the document, as a path: `rules[1].action.label`; empty for the document itself. */
  readonly path: string;
  /** What was found, what is allowed, and a suggestion where one is near. */
  readonly message: string;
  /** The file, or null when the configuration came as an object. */
  readonly file: string | null;
  /** Line and column, counted from 1, or null when the configuration came as an object. */
  readonly line: number | null;
  readonly column: number | null;
}

/** A configuration that can't be run; `diagnostics` holds everything that is wrong with it. */
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

/** A service, or the way to one, failed. */
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
  /** Index of the rule in the configuration, counted from 0; -1 when no rule but somebody outside asked for it. */
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
