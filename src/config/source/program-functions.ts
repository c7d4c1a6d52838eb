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

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The label of a function: that of its action, or its own name, or one that no other function has. */
function labelOf(action: Mapping, run: ProgramFunction, index: number, taken: ReadonlySet<string>): string {
  if (typeof action.label === 'string') return action.label;
  // A function that is written in its place has the name of the key.
  const isNamed = IDENTIFIER.test(run.name) && run.name !== 'run' && !taken.has(run.name);
  return isNamed ? run.name : `rule${index}`;
}

/** Takes the functions out of the rules of an object. Faults are reported. */
export function takeFunctions(value: unknown, problems: Problems): WithoutFunctions {
  const functions = new Map<string, ProgramFunction>();
  if (!isMapping(value) || !Array.isArray(value.rules)) return { value, functions };
  const labels = new Set(value.rules.map((rule: unknown) => labelIn(rule)).filter((label) => label !== null));
  const rules = value.rules.map((rule: unknown, index) => {
    const action = isMapping(rule) ? rule.action : null;
    if (!isMapping(action) || action.name !== 'custom' || !('run' in action)) return rule;
    const { run, ...others } = action;
    const path: Path = ['rules', index, 'action'];
    if (typeof run !== 'function') {
      problems.error([...path, 'run'], `must be a function; found ${describeValue(run)}`);
      return { ...(rule as Mapping), action: { label: `rule${index}`, ...others } };
    }
    const called = run as ProgramFunction;
    const known = [...functions].find(([, other]) => other === called && action.label === undefined);
    const label = known?.[0] ?? labelOf(action, called, index, labels);
    labels.add(label);
    if ((functions.get(label) ?? called) !== called) {
      const message = `another function has the label ${quote(label)}; give each function its own label`;
      problems.error([...path, 'label'], message);
    }
    functions.set(label, called);
    return { ...(rule as Mapping), action: { ...others, label } };
  });
  if (functions.size === 0) return { value: { ...value, rules }, functions };
  if (value.custom !== undefined && value.custom !== null) {
    const message = "an object has its functions either under 'custom' or under 'run' of its actions";
    problems.error(['custom'], message, 'key');
  }
  return { value: { ...value, rules, custom: { program: [...functions.keys()] } }, functions };
}

function labelIn(rule: unknown): string | null {
  const action = isMapping(rule) ? rule.action : null;
  return isMapping(action) && typeof action.label === 'string' ? action.label : null;
}
