/** Triggers of rules, as data. The definition of each kind is in `language/triggers/`. */

export type Trigger =
  | { readonly kind: 'start' }
  | { readonly kind: 'heartbeat' }
  /** A metric that the rule's condition names has changed. */
  | { readonly kind: 'metric' }
  /** An event of a job, without `job-`, or an event that is derived from several. */
  | {
      readonly kind: 'job';
      readonly event: string;
      /** The group of the jobs; null for jobs of any group. */
      readonly group: string | null;
    }
  /** Repeats after this many seconds, counted from the start. */
  | { readonly kind: 'interval'; readonly seconds: number }
  /** A cron pattern, in a time zone or, for null, in that of this process. */
  | { readonly kind: 'cron'; readonly pattern: string; readonly timezone: string | null }
  /** The state is entered or, with `for`, has lasted. */
  | { readonly kind: 'state'; readonly state: string }
  /** A budget is reached, by its name (`jobs`, `wall.GROUP`); null for any. */
  | { readonly kind: 'limit'; readonly limit: string | null }
  /** A group has nothing left to do. */
  | { readonly kind: 'group-done'; readonly group: string }
  /** The run comes to its end. */
  | { readonly kind: 'end' };

export type TriggerKind = Trigger['kind'];

/** A trigger of a kind. */
export type TriggerOf<Kind extends TriggerKind> = Extract<Trigger, { readonly kind: Kind }>;
