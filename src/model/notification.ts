/** Notifications of a run: targets of the file, and the messages for them. */

/** The events that targets may ask for, with their descriptions. */
export const NOTIFY_EVENTS = {
  end: 'The run has ended.',
  failure: 'A job has failed: once for each group and reason.',
  problem: 'The run has a problem.',
  state: 'The ensemble has gone to another state.',
  resumed: 'Another process goes on with the run.',
} as const;

export type NotifyEvent = keyof typeof NOTIFY_EVENTS;

/** A text with `${NAME}` for variables of the environment, or `file:PATH`. It is resolved when a message is sent. */
export type Reference = string;

/** The form of a reference to a variable, for messages. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so
export const NAMED_VARIABLE = '${NAME}';

/** How a target gets its messages. */
export type Channel =
  | {
      readonly kind: 'webhook' | 'slack' | 'teams' | 'ntfy';
      readonly url: Reference;
      /** For the header `Authorization: Bearer`; null without one. */
      readonly token: Reference | null;
    }
  | {
      readonly kind: 'email';
      readonly to: readonly string[];
      /** Null for the address that the program or the server of mail selects. */
      readonly from: string | null;
      /** Path of the program; null for the site's. */
      readonly sendmail: string | null;
      /** URL of an SMTP server, in place of the program. */
      readonly smtp: string | null;
      readonly user: Reference | null;
      readonly password: Reference | null;
    }
  | { readonly kind: 'program'; readonly command: readonly string[] };

export interface NotifyTarget {
  readonly name: string;
  readonly channel: Channel;
  readonly on: readonly NotifyEvent[];
  /** Templates; null for the usual texts. */
  readonly title: string | null;
  readonly text: string | null;
  /** The least seconds between two messages of one kind. */
  readonly every: number;
  /** Seconds that one attempt may take. */
  readonly timeout: number;
}

/** A message for one target. */
export interface Message {
  readonly kind: NotifyEvent | 'action' | 'test';
  readonly title: string;
  readonly text: string;
  /** The values of the event. */
  readonly details: Readonly<Record<string, string | number | null>>;
}

/** The run that messages are about. */
export interface NotifiedRun {
  readonly id: string;
  readonly name: string;
  readonly file: string | null;
  readonly host: string;
}

/** The names that the templates of a target may use, in addition to `metrics.`. */
export const NOTIFY_NAMES = [
  'run',
  'id',
  'file',
  'host',
  'kind',
  'title',
  'text',
  'state',
  'end',
  'error',
  'group',
  'reason',
  'job',
  'jobs',
  'failed',
] as const;
