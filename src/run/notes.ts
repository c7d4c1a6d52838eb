/**
 * Notes in the log of a run: what was decided outside of the engine. Each is a JSON object with one member, whose name
 * is the kind of the note. The process that resumes a run reads them again, and skips kinds that it does not know.
 */

import { z } from 'zod';
import { externalNames } from '../actions/catalog.js';
import { jsonText } from '../members/json-text.js';
import { ROW_OUTCOMES } from '../model/search.js';
import { fromJson } from '../usercode/json.js';

const count = z.int().nonnegative();

/**
 * Notes of a firing, or of a request from outside. `path` is the place of an action: empty for the one of the rule, `1`
 * for the second item of its answer, `1.0` for the first item of the answer of `1`.
 */
const firingNotes = {
  /** An action submits jobs: the number of the submission in the firing. */
  part: z.object({ path: z.string(), part: count }),
  /** An action takes `count` jobs of a group with parameters, after `first` others that were taken before. */
  took: z.object({ path: z.string(), group: z.string(), first: count, count }),
  /** An action changes the size of the member to `size`. */
  size: z.object({ path: z.string(), size: z.int() }),
  /** Code of the user is called. */
  begun: z.object({ path: z.string() }),
  /** It has answered. */
  answer: z.object({ path: z.string(), answer: z.unknown() }),
  /** The ensemble has gone to the state of an action. */
  went: z.object({ path: z.string() }),
  /** An action of an answer is done. */
  step: z.object({ path: z.string() }),
  /** The firing is done, and is kept for its other notes only. */
  finished: z.literal(true),
};

const endedBy = z.union([
  z.object({ kind: z.literal('rule'), rule: z.int(), name: z.string() }),
  z.object({ kind: z.literal('code'), rule: z.int(), name: z.string(), code: z.string() }),
  z.object({ kind: z.literal('request'), askedBy: z.string() }),
]);

/** Notes of the run. */
const runNotes = {
  /** A request from outside. `time` is in seconds since the epoch. */
  request: z.object({
    number: count,
    action: z.object({
      name: z.enum(externalNames),
      label: z.string().optional(),
      job: z.string().optional(),
      value: z.number().optional(),
      parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
    by: z.string(),
    time: z.number(),
  }),
  /** A note of a request, as of a firing. */
  ofRequest: z.object({ number: count, note: z.record(z.string(), z.unknown()) }),
  /** The request is done. */
  performed: z.object({ number: count }),
  /** The actions of rules wait from now on, or no longer. */
  paused: z.boolean(),
  /** Jobs got an urgency. */
  urgency: z.object({ jobs: z.array(z.coerce.bigint()), urgency: z.int() }),
  /** So did a job that was lost and submitted again, whose new id is unknown. */
  urgencyOf: z.object({
    firing: count,
    part: count,
    index: count,
    fromOutside: z.boolean(),
    urgency: z.int(),
  }),
  /** The size of the member. */
  memberSize: z.int(),
  /** A submission of a group with a search begins, in a firing or a request from outside. */
  searchBegan: z.object({ group: z.string(), firing: count, part: count, outside: z.boolean() }),
  /**
   * An optimizer got the results of the next `told` rows in the order of their ends. Asked for `count` rows, it gave these:
   * lists of values in the order of `names`; null for no more.
   */
  exchanged: z.object({
    group: z.string(),
    told: count,
    count,
    names: z.array(z.string()).readonly(),
    rows: z
      .array(z.array(z.union([z.string(), z.number(), z.boolean()])).readonly())
      .readonly()
      .nullable(),
  }),
  /** Jobs of rows of a search have ended. `job` is null for a row without one. */
  rowsEnded: z.object({
    group: z.string(),
    rows: z
      .array(
        z.object({
          row: count,
          outcome: z.enum(ROW_OUTCOMES),
          objective: z.number().nullable(),
          values: z.record(z.string(), z.union([z.string(), z.number()])),
          job: z.string().nullable(),
        }),
      )
      .readonly(),
  }),
  /** The submission of a search that was the last to begin gets no more rows. */
  searchClosed: z.object({ group: z.string(), by: z.enum(['until', 'cancel']) }),
  /** Rows are read from a file, which was like this. */
  rows: z.object({ file: z.string(), size: count, modified: z.number(), digest: z.string() }),
  /** Facts of the member for the next process. */
  member: z.record(z.string(), z.unknown()),
  /** The run has ended by itself. */
  end: z.object({
    end: z.enum(['idle', 'terminated', 'stopped']),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    by: endedBy.nullable(),
    /** For rules by index, the number of firings whose action did not begin. */
    unperformed: z.array(z.tuple([count, count])),
  }),
};

/** The text with which a rule that was added at run time is logged. */
const addedRule = z.object({ rule: z.record(z.string(), z.unknown()), firing: count, path: z.string() });

/** The text with which a rule is logged that the file has had since the run was resumed: its index in the file. */
const fileRule = z.object({ fileRule: count });

/** The text of a rule of a search of the file, in the same way. */
const fileSearch = z.object({ fileSearch: z.object({ group: z.string(), on: z.string() }) });

/** The text of a probe of the file, in the same way: its index among the probes of its group. */
const fileProbe = z.object({ fileProbe: z.object({ group: z.string(), index: count }) });

type Values<Shapes extends Record<string, z.ZodType>> = {
  readonly [Kind in keyof Shapes]: z.infer<Shapes[Kind]>;
};
type Note<V> = { [Kind in keyof V]: { readonly kind: Kind; readonly value: V[Kind] } }[keyof V];

type FiringValues = Values<typeof firingNotes>;
type RunValues = Values<typeof runNotes>;
export type FiringNote = Note<FiringValues>;
export type RunNote = Note<RunValues>;
export type AddedRule = Readonly<z.infer<typeof addedRule>>;
export type FileSearch = Readonly<z.infer<typeof fileSearch>['fileSearch']>;
export type FileProbe = Readonly<z.infer<typeof fileProbe>['fileProbe']>;

/** Returns the text of a note of a firing. */
export function firingNote<Kind extends keyof FiringValues>(kind: Kind, value: FiringValues[Kind]): string {
  return jsonText({ [kind]: value });
}

/** Returns the text of a note of the run. */
export function runNote<Kind extends keyof RunValues>(kind: Kind, value: RunValues[Kind]): string {
  return jsonText({ [kind]: value });
}

/** Returns the text of a note of a request from outside. */
export function requestNote<Kind extends keyof FiringValues>(
  number: number,
  kind: Kind,
  value: FiringValues[Kind],
): string {
  return jsonText({ ofRequest: { number, note: { [kind]: value } } });
}

/** Returns the text of an added rule. */
export function addedRuleText(added: AddedRule): string {
  return jsonText(added);
}

/** Returns the text of a rule of the file that was added when the run was resumed. */
export function fileRuleText(index: number): string {
  return jsonText({ fileRule: index });
}

/** Returns the text of a probe of the file that was added when the run was resumed. */
export function fileProbeText(probe: FileProbe): string {
  return jsonText({ fileProbe: probe });
}

/** Returns the text of a rule of a search of the file that was added when the run was resumed. */
export function fileSearchText({ group, on }: FileSearch): string {
  return jsonText({ fileSearch: { group, on } });
}

function read(text: string): unknown {
  try {
    return fromJson(text);
  } catch {
    return null;
  }
}

function find<V>(shapes: Readonly<Record<string, z.ZodType>>, note: unknown): Note<V> | null {
  if (typeof note !== 'object' || note === null) return null;
  const [member, ...others] = Object.entries(note);
  if (member === undefined || others.length > 0) return null;
  const [kind, value] = member;
  const shape = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  const parsed = shape?.safeParse(value);
  return parsed?.success ? ({ kind, value: parsed.data } as Note<V>) : null;
}

/** Reads a note of a firing; null for a note of a newer version of this package. */
export function readFiringNote(text: string): FiringNote | null {
  return find<FiringValues>(firingNotes, read(text));
}

/** Reads a note of the run; null for a note of a newer version of this package. */
export function readRunNote(text: string): RunNote | null {
  return find<RunValues>(runNotes, read(text));
}

/** Reads the inner note of a note of a request; null as above. */
export function readInnerNote(note: Readonly<Record<string, unknown>>): FiringNote | null {
  return find<FiringValues>(firingNotes, note);
}

/** Reads the text of an added rule; null when it is invalid. */
export function readAddedRule(text: string): AddedRule | null {
  return addedRule.safeParse(read(text)).data ?? null;
}

/** Reads the index of a rule of the file; null for the text of another rule. */
export function readFileRule(text: string): number | null {
  return fileRule.safeParse(read(text)).data?.fileRule ?? null;
}

/** Reads the place of a probe of the file; null for the text of another rule. */
export function readFileProbe(text: string): FileProbe | null {
  return fileProbe.safeParse(read(text)).data?.fileProbe ?? null;
}

/** Reads the place of a rule of a search of the file; null for the text of another rule. */
export function readFileSearch(text: string): FileSearch | null {
  return fileSearch.safeParse(read(text)).data?.fileSearch ?? null;
}
