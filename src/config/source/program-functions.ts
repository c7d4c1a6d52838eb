/**
 * Functions of the program that runs the ensemble. In an object, an action `custom` may have its function under `run`. It
 * gets a label then, and `custom: {program: [...]}` names all labels, as a file does.
 */

import type { ProgramFunction } from '../../model/ensemble.js';
import { describeValue, quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import type { Problems } from './problems.js';

export interface WithoutFunctions {
  /** The object with labels in place of its functions. */
  readonly value: unknown;
  /** By their labels. */
  readonly functions: ReadonlyMap<string, ProgramFunction>;
}

type Mapping = Readonly<Record<string, unknown>>;

/** The keys of a rule that have actions. */
const ACTIONS = ['action', 'resolve'] as const;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The label of a function: that of its action, or its own name, or else another one. */
function labelOf(action: Mapping, run: ProgramFunction, other: string, taken: ReadonlySet<string>): string {
  if (typeof action.label === 'string') return action.label;
  // A function that is written in its place has the name of the key.
  const isNamed = IDENTIFIER.test(run.name) && run.name !== 'run' && !taken.has(run.name);
  return isNamed ? run.name : other;
}

/** Takes the functions out of the rules of an object. Faults are reported. */
export function takeFunctions(value: unknown, problems: Problems): WithoutFunctions {
  const functions = new Map<string, ProgramFunction>();
  if (!isMapping(value) || !Array.isArray(value.rules)) return { value, functions };
  const labels = new Set(value.rules.flatMap((rule: unknown) => labelsIn(rule)));
  const take = (action: unknown, index: number, key: (typeof ACTIONS)[number]): unknown => {
    if (!isMapping(action) || action.name !== 'custom' || !('run' in action)) return action;
    const { run, ...others } = action;
    const path: Path = ['rules', index, key];
    if (typeof run !== 'function') {
      problems.error([...path, 'run'], `must be a function; found ${describeValue(run)}`);
      return { label: `rule${index}`, ...others };
    }
    const called = run as ProgramFunction;
    const known = [...functions].find(([, other]) => other === called && action.label === undefined);
    const label =
      known?.[0] ?? labelOf(action, called, key === 'action' ? `rule${index}` : `resolve${index}`, labels);
    labels.add(label);
    if ((functions.get(label) ?? called) !== called) {
      const message = `another function has the label ${quote(label)}; give each function its own label`;
      problems.error([...path, 'label'], message);
    }
    functions.set(label, called);
    return { ...others, label };
  };
  const rules = value.rules.map((rule: unknown, index) => {
    if (!isMapping(rule)) return rule;
    const taken = ACTIONS.filter((key) => key in rule).map((key) => [key, take(rule[key], index, key)]);
    return { ...rule, ...Object.fromEntries(taken) };
  });
  if (functions.size === 0) return { value: { ...value, rules }, functions };
  if (value.custom !== undefined && value.custom !== null) {
    const message = "an object has its functions either under 'custom' or under 'run' of its actions";
    problems.error(['custom'], message, 'key');
  }
  return { value: { ...value, rules, custom: { program: [...functions.keys()] } }, functions };
}

function labelsIn(rule: unknown): string[] {
  const actions = isMapping(rule) ? ACTIONS.map((key) => rule[key]) : [];
  return actions.flatMap((action) =>
    isMapping(action) && typeof action.label === 'string' ? [action.label] : [],
  );
}
