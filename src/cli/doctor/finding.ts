/** The checks of `ensemble doctor`, and their findings. */

/** `ok`: usable; `missing`: not there; `broken`: there, and not usable as it is. */
export type State = 'ok' | 'missing' | 'broken';

export interface Finding {
  readonly state: State;
  /** The thing that was found, and its place. */
  readonly text: string;
  /** Says what to do about it; null where nothing has to be done, or where the text says it. */
  readonly remedy: string | null;
  /** The local member can't run because of it. */
  readonly blocks: boolean;
}

export interface CheckOptions {
  /** Jobs of one core that the local member is to run at once. */
  readonly slots: number;
  /** The state folder, absolute. */
  readonly state: string;
  /** Seconds that a check may take. */
  readonly wait: number;
}

export interface Check {
  /** A short name for the line. */
  readonly name: string;
  /** The local member can't run unless the check is `ok`. */
  readonly needed?: true;
  /** Runs the check. An error that it throws makes it `broken`, and so does a promise that takes too long. */
  readonly run: (options: CheckOptions) => Finding | Promise<Finding>;
}

export const ok = (text: string): Finding => ({ state: 'ok', text, remedy: null, blocks: false });

export const missing = (text: string, remedy: string): Finding => ({
  state: 'missing',
  text,
  remedy,
  blocks: false,
});

/** `remedy` is null for a text that says what to do. */
export const broken = (text: string, remedy: string | null): Finding => ({
  state: 'broken',
  text,
  remedy,
  blocks: false,
});
