/** `tests:`: parses the lines of the short notation, looks up names, and converts times to seconds. */

import { resolve } from 'node:path';
import { actionNames, kindNamed } from '../../actions/catalog.js';
import { parseCondition } from '../../language/comparison.js';
import { noJobGroup, parseMetricName } from '../../language/metric-name.js';
import { parseFiring, parseOutcome, parseScriptEvent } from '../../language/test-notation.js';
import { isOwnVariable, variablesOf } from '../../model/metric-names.js';
import type { GroupTells, ToldValue } from '../../model/tells.js';
import type {
  ExpectedFiring,
  ExpectedMetric,
  ExpectedValue,
  JobPlan,
  ScriptLine,
  TestCase,
  TestInput,
} from '../../model/test.js';
import { describeValue, quote } from '../../text/describe.js';
import { DURATION_PATTERN, durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { messagesOf, type Result } from '../../text/result.js';
import { choices, didYouMean, thereAre } from '../../text/suggest.js';
import type { TestShape } from '../schema/tests.js';
import type { ConfigSource, Problems } from '../source/problems.js';
import { NO_TELLS } from './tells.js';

/** Monday, 2024-01-01 00:00 UTC: the beginning of a day, a week, a month and a year. */
const DEFAULT_START = 1_704_067_200;
const DEFAULT_UNTIL = 86_400;
const DEFAULT_WITHIN = 0.001;
/** Latest start. Metrics are differences of times of day, which doubles keep to a quarter of a microsecond. */
const RELATIVE_TOLERANCE = 1e-6;
const LEAST_TOLERANCE = 1e-6;

/** The context of tests. */
export interface TestContext {
  readonly source: ConfigSource;
  readonly problems: Problems;
  /** The file of the tests, absolute, or null. */
  readonly file: string | null;
  /** Whether the value at a path was left out for its shape, which was reported. */
  isBroken(path: Path): boolean;
  /** The job groups; null where some could not be read. */
  readonly groups: ReadonlySet<string> | null;
  /** The values that jobs tell, by group; null where some could not be read. */
  readonly tells: ReadonlyMap<string, GroupTells> | null;
  /** The states of the ensemble. */
  readonly states: readonly string[];
}

/** Makes the tests. Mistakes have been reported then. */
export function resolveTests(
  context: TestContext,
  tests: readonly (TestShape | undefined)[] | null | undefined,
): TestCase[] {
  const lines = new Map<string, number | null>();
  return (tests ?? []).flatMap((test, index) => {
    if (test?.name === undefined) return [];
    const path = ['tests', index];
    const { line } = context.source.place(path, 'value');
    if (lines.has(test.name)) {
      context.problems.error([...path, 'name'], `another test has the same name; rename one of them`);
    }
    lines.set(test.name, line);
    return [
      {
        name: test.name,
        line,
        input: new Resolver(context, path).input(test),
        expect: new Resolver(context, [...path, 'expect']).expectations(test.expect ?? {}),
      },
    ];
  });
}

/** A line of the form `TIME: TEXT`, its text at `path`. */
interface TimedText {
  readonly time: number;
  readonly text: string;
  readonly path: Path;
}

class Resolver {
  readonly #context: TestContext;
  readonly #path: Path;

  constructor(context: TestContext, path: Path) {
    this.#context = context;
    this.#path = path;
  }

  input(test: TestShape): TestInput {
    const { recording, synth } = test;
    const { file, problems } = this.#context;
    const source = recording === undefined ? (synth === undefined ? null : 'synth') : 'recording';
    if (source !== null) {
      for (const key of ['jobs', 'events', 'slots', 'start', 'until'] as const) {
        if (test[key] === undefined) continue;
        problems.error(
          [...this.#path, key],
          `a test with ${source} can't have ${key}: its events are complete`,
          'key',
        );
      }
    }
    if (recording !== undefined) {
      if (synth !== undefined) {
        problems.error([...this.#path, 'synth'], 'a test has either a recording or synth, not both', 'key');
      }
      return { kind: 'recording', path: file === null ? resolve(recording) : resolve(file, '..', recording) };
    }
    if (synth !== undefined) {
      const { groups, meanDuration, ...settings } = synth;
      for (const [index, group] of known(groups).entries()) {
        this.#checkGroup(group, [...this.#path, 'synth', 'groups', index]);
      }
      return {
        kind: 'synth',
        settings: {
          groupNames: groups === undefined ? [...(this.#context.groups ?? [])] : known(groups),
          ...settings,
          meanDuration: meanDuration === undefined ? undefined : durationSeconds(meanDuration),
        },
      };
    }
    return {
      kind: 'script',
      plans: this.#plans(test.jobs ?? {}),
      lines: this.#script(test.events ?? []),
      slots: test.slots ?? null,
      start: this.#start(test.start),
      until: test.until === undefined ? DEFAULT_UNTIL : durationSeconds(test.until),
    };
  }

  /** The expected results. */
  expectations({
    firings,
    metrics,
    end,
    state,
    within,
  }: Partial<NonNullable<TestShape['expect']>>): TestCase['expect'] {
    if (state !== undefined) this.#checkState(state, [...this.#path, 'state']);
    return {
      within: within === undefined ? DEFAULT_WITHIN : durationSeconds(within),
      firings: firings === undefined ? null : this.#firings(firings),
      metrics: Object.entries(metrics ?? {}).flatMap(([name, value]) => this.#metric(name, value)),
      end: end ?? null,
      state: state ?? null,
    };
  }

  #plans(shapes: NonNullable<TestShape['jobs']>): Map<string, JobPlan> {
    const plans = Object.entries(shapes).map(([group, shape]): [string, JobPlan] => {
      const { wait, duration, outcome, probes = {}, tell = {} } = shape;
      const path = [...this.#path, 'jobs', group];
      this.#checkGroup(group, path, 'key');
      const outcomes = [outcome ?? []].flat().flatMap((text: string | undefined, index) => {
        if (text === undefined) return [];
        const at = Array.isArray(outcome) ? [...path, 'outcome', index] : [...path, 'outcome'];
        const parsed = this.#read(text, parseOutcome(text), at);
        return parsed === null ? [] : [parsed];
      });
      const durationIsBroken = this.#context.isBroken([...path, 'duration']);
      if (outcomes.length > 0 && duration === undefined && !durationIsBroken) {
        this.#context.problems.error(
          path,
          "'duration' is missing: without it, lines of events must end the jobs",
        );
      }
      return [
        group,
        {
          wait: known(wait).map(durationSeconds),
          duration: known(duration).map(durationSeconds),
          outcome: outcomes,
          probes: this.#probes(group, probes, [...path, 'probes']),
          tell: this.#tell(group, tell, [...path, 'tell']),
        },
      ];
    });
    return new Map(plans);
  }

  #probes(
    group: string,
    shapes: Readonly<Record<string, number | number[] | undefined>>,
    path: Path,
  ): JobPlan['probes'] {
    const variables = variablesOf(this.#context.groups, group);
    const told = this.#context.tells?.get(group)?.numbers ?? [];
    const measured = variables?.filter((name) => !isOwnVariable(name) && !told.includes(name));
    for (const name of Object.keys(shapes)) {
      if (measured === undefined || measured.includes(name)) continue;
      const there =
        measured.length === 0 ? '; the group has no probes' : `; they measure ${choices(measured, 'and')}`;
      const hint = didYouMean(name, measured) || there;
      this.#context.problems.error(
        [...path, name],
        `no probe of ${quote(group)} measures ${quote(name)}${hint}`,
        'key',
      );
    }
    return new Map(Object.entries(shapes).map(([name, values]) => [name, known(values)]));
  }

  #tell(
    group: string,
    shapes: Readonly<Record<string, ToldValue | (ToldValue | undefined)[] | undefined>>,
    path: Path,
  ): JobPlan['tell'] {
    const { tells, problems } = this.#context;
    const { numbers, texts } = tells?.get(group) ?? NO_TELLS;
    const names = [...numbers, ...texts];
    for (const [name, values] of Object.entries(shapes)) {
      if (tells === null) break;
      const at = [...path, name];
      if (!names.includes(name)) {
        const there =
          names.length === 0 ? "; its jobs have no 'tell'" : `; they tell ${choices(names, 'and')}`;
        const hint = didYouMean(name, names) || there;
        problems.error(at, `the jobs of ${quote(group)} do not tell ${quote(name)}${hint}`, 'key');
        continue;
      }
      const kind = numbers.includes(name) ? 'number' : 'string';
      const wrong = known(values).find((value) => typeof value !== kind);
      if (wrong === undefined) continue;
      problems.error(
        at,
        `${quote(name)} is a ${kind === 'number' ? kind : 'text'}; found ${describeValue(wrong)}`,
      );
    }
    return new Map(Object.entries(shapes).map(([name, values]) => [name, known(values)]));
  }

  #script(events: NonNullable<TestShape['events']>): ScriptLine[] {
    let latest = 0;
    return this.#timed(events, 'events').flatMap(({ time, text, path }) => {
      if (time < latest) {
        this.#context.problems.error(
          path,
          'this time is before that of the previous line; sort the lines by time',
        );
      }
      latest = Math.max(latest, time);
      const scriptEvent = this.#read(text, parseScriptEvent(text), path);
      if (scriptEvent === null) return [];
      if ('group' in scriptEvent) this.#checkGroup(scriptEvent.group, path);
      return [{ time, scriptEvent, text, line: this.#lineOf(path) }];
    });
  }

  #firings(shapes: NonNullable<NonNullable<TestShape['expect']>['firings']>): ExpectedFiring[] {
    return this.#timed(shapes, 'firings').flatMap(({ time, text, path }) => {
      const firing = this.#read(text, parseFiring(text), path);
      if (firing === null) return [];
      const { action, label, goto, by } = firing;
      const names = [...actionNames, 'goto'];
      if (!names.includes(action) && !action.includes('.')) {
        this.#context.problems.error(path, `unknown action ${quote(action)}${didYouMean(action, names)}`);
      }
      const name = actionNames.find((name) => name === action);
      const isGroup = name !== undefined && kindNamed(name).keys.label?.holds === 'group';
      if (isGroup && label !== null) this.#checkGroup(label, path);
      if (goto !== null) this.#checkState(goto, path);
      return [{ time, action, label, goto, by, text, line: this.#lineOf(path) }];
    });
  }

  #metric(name: string, value: number | string | null): ExpectedMetric[] {
    const path = [...this.#path, 'metrics', name];
    const metric = parseMetricName(name, this.#context.groups);
    if (!metric.ok)
      for (const message of messagesOf(metric)) this.#context.problems.error(path, message, 'key');
    const expected = this.#expectedValue(value, path);
    if (!metric.ok || expected === null) return [];
    return [{ name, metric: metric.value, value: expected, text: String(value), line: this.#lineOf(path) }];
  }

  #expectedValue(value: number | string | null, path: Path): ExpectedValue | null {
    if (value === null) return { kind: 'none' };
    if (typeof value === 'number') return near(value);
    const range = /^(\S+)\s*(?:\+-|±)\s*(.+)$/.exec(value.trim());
    if (range !== null) {
      const [middle, tolerance] = [quantity(range[1] ?? ''), quantity(range[2] ?? '')];
      if (middle !== null && tolerance !== null && tolerance >= 0)
        return { kind: 'near', value: middle, tolerance };
      this.#context.problems.error(
        path,
        `${quote(value)} is not a value with a tolerance; write one like "40 +- 2"`,
      );
      return null;
    }
    const plain = quantity(value);
    if (plain !== null) return near(plain);
    const [, comparison, digits] = /^([<>=!]=?)\s*(.+)$/.exec(value.trim()) ?? [];
    const threshold = quantity(digits ?? '');
    const condition = parseCondition(
      comparison !== undefined && threshold !== null ? `${comparison} ${threshold}` : value,
    );
    if (condition.ok) return { kind: 'condition', condition: condition.value };
    for (const message of messagesOf(condition)) this.#context.problems.error(path, message);
    return null;
  }

  #start(start: string | undefined): number {
    if (start === undefined) return DEFAULT_START;
    const time = /^\d{4}-\d{2}-\d{2}/.test(start) ? Date.parse(start) / 1000 : Number.NaN;
    if (time > 0) return time;
    this.#context.problems.error(
      [...this.#path, 'start'],
      `must be a date and time after 1970, like 2026-03-01T08:00:00Z; found ${describeValue(start)}`,
    );
    return DEFAULT_START;
  }

  /** The lines of a list of `TIME: TEXT`; several texts of one time follow each other. */
  #timed(
    shapes: readonly (Readonly<Record<string, string | string[]>> | undefined)[],
    key: string,
  ): TimedText[] {
    return shapes.flatMap((shape, index) =>
      Object.entries(shape ?? {}).flatMap(([time, texts]) => {
        const path = [...this.#path, key, index, time];
        const seconds = quantity(time);
        if (seconds === null) {
          this.#context.problems.error(
            path,
            `${quote(time)} is not a time; write one like 10s, 1.5m, 2h or 250ms`,
            'key',
          );
          return [];
        }
        if (typeof texts === 'string') return [{ time: seconds, text: texts, path }];
        return texts.flatMap((text: string | undefined, i) =>
          text === undefined ? [] : [{ time: seconds, text, path: [...path, i] }],
        );
      }),
    );
  }

  #checkGroup(group: string, path: Path, part: 'key' | 'value' = 'value'): void {
    const { groups, problems } = this.#context;
    if (groups !== null && !groups.has(group)) problems.error(path, noJobGroup(group, groups), part);
  }

  #checkState(state: string, path: Path): void {
    const { states, problems } = this.#context;
    if (states.includes(state)) return;
    const known = states.length === 0 ? "; the ensemble has no 'states'" : thereAre(states);
    problems.error(path, `unknown state ${quote(state)}${didYouMean(state, states) || known}`);
  }

  /** The parsed text; a mistake is reported at its character, if that has a place. */
  #read<T>(text: string, parsed: Result<T>, path: Path): T | null {
    if (parsed.ok) return parsed.value;
    const { source, problems } = this.#context;
    for (const { at, message } of parsed.faults) {
      const place = at === null ? null : source.placeInText(path, text, at);
      problems.add('error', path, message, place ?? source.place(path, 'value'));
    }
    return null;
  }

  #lineOf(path: Path): number | null {
    return this.#context.source.place(path, 'value').line;
  }
}

/** A single value or a list, as a list without invalid items. */
function known<T>(values: T | readonly (T | undefined)[] | undefined): T[] {
  return [values ?? []].flat().filter((value): value is T & {} => value !== undefined) as T[];
}

function near(value: number): ExpectedValue {
  return { kind: 'near', value, tolerance: Math.max(LEAST_TOLERANCE, RELATIVE_TOLERANCE * Math.abs(value)) };
}

/** A number, or a time in seconds; null for any other value. */
function quantity(text: string): number | null {
  const trimmed = text.trim();
  if (DURATION_PATTERN.test(trimmed)) return durationSeconds(trimmed);
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : null;
}
