/** Expression -> condition: the meanings of its names, its types, and its steps in the order of a stack machine. */

import type { Comparison, ConditionStep } from '../../model/condition.js';
import {
  BOUND_SIDES,
  type BoundSide,
  BY_PARAMETER,
  dividedBy,
  FACTS,
  formatMetricName,
  type MetricName,
} from '../../model/metric-names.js';
import { quote } from '../../text/describe.js';
import { describeFaults, type Fault, ok, type Result } from '../../text/result.js';
import { choices, didYouMean, thereAre } from '../../text/suggest.js';
import { divided, parseBound, parseCall, parseMetricName, parseWindowedMetric } from '../metric-name.js';
import type { Expression } from './syntax.js';

/** The names that a condition may refer to. */
export interface ConditionScope {
  /** The job groups, or null to accept any name. */
  readonly groups: ReadonlySet<string> | null;
  /** Names of the ensemble's states; null to accept any. */
  readonly states: readonly string[] | null;
  /** Parameters of any group's jobs, or null to accept any name. */
  readonly parameters: ReadonlySet<string> | null;
  /** By the name of a parameter, one of its values that no number holds exactly. */
  readonly large?: ReadonlyMap<string, bigint>;
  /** The kinds of the values that jobs of any group tell, by name; null to accept any name. */
  readonly told: ReadonlyMap<string, 'number' | 'text'> | null;
  /** The rule has the event of a job, which the condition may refer to. */
  readonly event: boolean;
  /** The parameter for each value of which there is a rule; null for one rule. */
  readonly by: string | null;
}

type Type = 'number' | 'text' | 'truth';

const A: Readonly<Record<Type, string>> = {
  number: 'a number',
  text: 'a text',
  truth: 'a comparison, which is true or false',
};

/** Names other than those of metrics. */
const PARTS = {
  state: { type: 'text', event: false },
  'event.name': { type: 'text', event: true },
  'event.status': { type: 'number', event: true },
  'event.exception.type': { type: 'text', event: true },
  'event.exception.severity': { type: 'number', event: true },
} as const satisfies Readonly<Record<string, { type: Type; event: boolean }>>;
type PartName = keyof typeof PARTS;

/** The prefix of a parameter of the event's job. */
const PARAMETER = 'job.parameters.';

/** The prefix of a value that the event tells. */
const TOLD = 'event.tell.';

const isFact = (name: string) => (FACTS as readonly string[]).includes(name);

/** Whether a part is a literal text. */
function isText(expression: Expression): boolean {
  if (expression.kind === 'text') return true;
  const { name, quoted } = expression.kind === 'name' ? expression : { name: '', quoted: true };
  return !quoted && Object.hasOwn(PARTS, name) && PARTS[name as PartName].type === 'text';
}

/** The steps of the condition. */
export function checkCondition(expression: Expression, scope: ConditionScope): Result<ConditionStep[]> {
  const checker = new Checker(scope);
  const type = checker.check(expression);
  if (type !== null && type !== 'truth') {
    checker.fault(expression, `this is ${A[type]}; compare it with something, like '... > 5'`);
  }
  return checker.faults.length > 0 ? { ok: false, faults: checker.faults } : ok(checker.steps);
}

/** The level of a confidence sequence without one. */
const DEFAULT_LEVEL = 0.95;

/**
 * A side of a comparison. An interval is less than a number when its upper end is, and more when its lower end is;
 * other sides stay as they are.
 */
function sideOf(expression: Expression, less: boolean, more: boolean): Expression {
  if (expression.kind !== 'call' || expression.name !== 'ci' || (!less && !more)) return expression;
  return { ...expression, name: less ? 'upper' : 'lower' };
}

/** Why a metric can't stand in a rule with this `by`; null where it can. */
export function faultOfDivision(metric: MetricName, by: string | null): string | null {
  const parameter = dividedBy(metric);
  if (parameter === null || parameter === by) return null;
  const name = formatMetricName(metric);
  return by === null
    ? `${quote(name)} has a value for each ${BY_PARAMETER}${parameter}; add 'by: ${BY_PARAMETER}${parameter}' to the rule`
    : `${quote(name)} is by another parameter than the rule, which is by ${BY_PARAMETER}${by}`;
}

class Checker {
  readonly faults: Fault[] = [];
  readonly steps: ConditionStep[] = [];
  readonly #scope: ConditionScope;

  constructor(scope: ConditionScope) {
    this.#scope = scope;
  }

  fault({ at }: { readonly at: number }, message: string): null {
    this.faults.push({ at, message });
    return null;
  }

  /**
   * The type of a part, whose steps are added; null after a report of a mistake. `parameter` is the type that a
   * parameter of a job has here.
   */
  check(expression: Expression, parameter: 'number' | 'text' = 'number'): Type | null {
    switch (expression.kind) {
      case 'number':
        this.steps.push({ op: 'number', value: expression.value });
        return 'number';
      case 'text':
        this.steps.push({ op: 'text', value: expression.value });
        return 'text';
      case 'name':
        return this.#name(expression, parameter);
      case 'call':
        return this.#call(expression);
      case 'unary':
        return this.#unary(expression);
      case 'binary':
        return this.#binary(expression);
    }
  }

  #name(expression: Expression & { kind: 'name' }, parameter: 'number' | 'text'): Type | null {
    const { name, quoted } = expression;
    if (name.startsWith(PARAMETER)) return this.#parameter(expression, parameter);
    if (name.startsWith(TOLD)) return this.#told(expression, parameter);
    const part = !quoted && Object.hasOwn(PARTS, name) ? PARTS[name as PartName] : undefined;
    if (part !== undefined) {
      if (part.event && !this.#scope.event) {
        return this.fault(expression, `${name} is known only to rules on events of jobs (job-...)`);
      }
      if (name === 'state' && this.#scope.states?.length === 0) {
        return this.fault(expression, "the file has no 'states'");
      }
      this.steps.push({ op: name as PartName });
      return part.type;
    }
    if (!quoted && !isFact(name) && (!name.includes('.') || name.startsWith('event.'))) {
      const known = Object.keys(PARTS);
      const hint =
        didYouMean(name, known) || `; there are metrics, like mean.sleep-duration, ${choices(known, 'and')}`;
      const text = name.includes('.') ? '' : '; a text stands in quotes';
      return this.fault(expression, `unknown name ${quote(name)}${hint}${hint.includes('mean') ? text : ''}`);
    }
    return this.#metric(expression, parseMetricName(name, this.#scope.groups));
  }

  #parameter(expression: Expression & { kind: 'name' }, type: 'number' | 'text'): Type | null {
    if (!this.#scope.event) {
      return this.fault(expression, `${expression.name} is known only to rules on events of jobs (job-...)`);
    }
    const value = expression.name.slice(PARAMETER.length);
    const { parameters } = this.#scope;
    if (parameters !== null && !parameters.has(value)) {
      const known = [...parameters];
      const choice = known.length === 0 ? '; no group has any' : thereAre(known);
      return this.fault(expression, `unknown parameter ${quote(value)}${didYouMean(value, known) || choice}`);
    }
    const large = this.#scope.large?.get(value);
    if (type === 'number' && large !== undefined) {
      const text = `compare it with a text, like ${expression.name} == "${large}"`;
      return this.fault(
        expression,
        `${quote(value)} can be ${large}, which a number can't hold exactly; ${text}`,
      );
    }
    this.steps.push({ op: `${type} parameter`, value });
    return type;
  }

  /** A value of a known name has a type of its own; with unknown names, it is what it is compared with. */
  #told(expression: Expression & { kind: 'name' }, compared: 'number' | 'text'): Type | null {
    if (!this.#scope.event) {
      return this.fault(expression, `${expression.name} is known only to rules on events of jobs (job-...)`);
    }
    const value = expression.name.slice(TOLD.length);
    const { told } = this.#scope;
    const type = told === null ? compared : told.get(value);
    if (type === undefined) {
      const known = [...(told?.keys() ?? [])];
      const choice = known.length === 0 ? "; add 'tell' to the jobs" : thereAre(known);
      return this.fault(expression, `no job tells ${quote(value)}${didYouMean(value, known) || choice}`);
    }
    this.steps.push({ op: `${type} told`, value });
    return type;
  }

  #metric(expression: Expression, metric: Result<MetricName>): Type | null {
    if (!metric.ok) return this.fault(expression, describeFaults(metric));
    const message = faultOfDivision(metric.value, this.#scope.by);
    if (message !== null) return this.fault(expression, message);
    // A condition like `count.sleep.failed < 3` holds before any job has failed.
    this.steps.push({ op: 'metric', metric: metric.value, fromZero: true });
    return 'number';
  }

  /** Over a window: `rate(count.G.OUTCOME, 10m)`, `mean(G.duration, 30m)`. */
  #call(expression: Expression & { kind: 'call' }): Type | null {
    const { name, args } = expression;
    if (name === 'ci') {
      const forms = 'like ci(mean(sleep.duration), 95%) < 10, or use lower, upper or halfwidth';
      return this.fault(
        expression,
        `ci(...) is an interval: compare it with a number by <, <=, > or >=, ${forms}`,
      );
    }
    if ((BOUND_SIDES as readonly string[]).includes(name)) return this.#bound(expression, name as BoundSide);
    const [path, window] = args;
    const { by } = expression;
    if (by !== null && path?.kind === 'name' && args.length === 1) {
      return this.#metric(expression, divided(parseCall(name, path.name, this.#scope.groups), by));
    }
    if (path?.kind !== 'name' || window?.kind !== 'number' || args.length !== 2) {
      const forms = 'like mean(sleep.duration, 30m) or rate(count.sleep.finished, 10m)';
      return this.fault(expression, `${quote(name)} needs a variable or a count, and a window, ${forms}`);
    }
    const metric = parseWindowedMetric(name, path.name, window.value, this.#scope.groups);
    return this.#metric(expression, by === null ? metric : divided(metric, by));
  }

  /** `lower(mean(G.v), 95%)`, with a level of 95 % by default. */
  #bound(expression: Expression & { kind: 'call' }, side: BoundSide): Type | null {
    const [of, level] = expression.args;
    const path = of?.kind === 'call' ? of.args[0] : undefined;
    if (
      of?.kind !== 'call' ||
      path?.kind !== 'name' ||
      of.args.length !== 1 ||
      expression.args.length > 2 ||
      (level !== undefined && level.kind !== 'number')
    ) {
      const forms = `like ${expression.name}(mean(sleep.duration), 95%) or ${expression.name}(share(count.sleep.failed), 99%)`;
      return this.fault(
        expression,
        `${quote(expression.name)} needs a mean, a percentile or a share, ${forms}`,
      );
    }
    const metric = parseBound(side, of.name, path.name, level?.value ?? DEFAULT_LEVEL, this.#scope.groups);
    return this.#metric(expression, of.by === null ? metric : divided(metric, of.by));
  }

  #unary(expression: Expression & { kind: 'unary' }): Type | null {
    const { operator, operand } = expression;
    const wanted = operator === 'not' ? 'truth' : 'number';
    const good = this.#expect(operand, wanted, operator);
    this.steps.push({ op: operator === 'not' ? 'not' : 'negative' });
    return good ? wanted : null;
  }

  #binary(expression: Expression & { kind: 'binary' }): Type | null {
    const { operator, left, right } = expression;
    switch (operator) {
      case 'and':
      case 'or':
        return this.#both(expression, 'truth', 'truth');
      case '+':
      case '-':
      case '*':
      case '/':
        return this.#both(expression, 'number', 'number');
      default:
        return this.#comparison(expression, operator, left, right);
    }
  }

  #both(expression: Expression & { kind: 'binary' }, wanted: Type, result: Type): Type | null {
    const { operator, left, right } = expression;
    const good = [this.#expect(left, wanted, operator), this.#expect(right, wanted, operator)];
    this.steps.push({ op: operator });
    return good[0] && good[1] ? result : null;
  }

  #comparison({ at }: Expression, operator: Comparison, left: Expression, right: Expression): Type | null {
    const parameter = isText(left) || isText(right) ? 'text' : 'number';
    const [less, more] = [operator.startsWith('<'), operator.startsWith('>')];
    const types = [
      this.check(sideOf(left, less, more), parameter),
      this.check(sideOf(right, more, less), parameter),
    ] as const;
    if (types[0] === null || types[1] === null) return null;
    if (types[0] === 'truth' || types[1] === 'truth') {
      return this.fault(
        { at },
        `'${operator}' compares numbers or texts; join comparisons with 'and' or 'or'`,
      );
    }
    if (types[0] !== types[1]) {
      return this.fault({ at }, `'${operator}' can't compare ${A[types[0]]} with ${A[types[1]]}`);
    }
    if (types[0] === 'number') {
      this.steps.push({ op: operator });
      return 'truth';
    }
    if (operator !== '==' && operator !== '!=') {
      return this.fault({ at }, `'${operator}' compares numbers only; texts are == or !=`);
    }
    this.#stateNames(left, right);
    this.steps.push({ op: operator === '==' ? 'same' : 'different' });
    return 'truth';
  }

  /** Reports an unknown state, because its comparison never holds. */
  #stateNames(...sides: readonly Expression[]): void {
    const { states } = this.#scope;
    if (states === null || !sides.some((side) => side.kind === 'name' && side.name === 'state')) return;
    for (const side of sides) {
      if (side.kind !== 'text' || states.includes(side.value)) continue;
      const hint = didYouMean(side.value, states) || thereAre(states);
      this.fault(side, `unknown state ${quote(side.value)}${hint}`);
    }
  }

  #expect(expression: Expression, wanted: Type, operator: string): boolean {
    const type = this.check(expression);
    if (type === wanted) return true;
    if (type !== null) this.fault(expression, `'${operator}' takes ${A[wanted]}; this is ${A[type]}`);
    return false;
  }
}
