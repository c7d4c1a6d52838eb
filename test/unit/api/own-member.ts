/**
 * A member, an observer and a reader of configurations, as another program has them. They import from the entry of the
 * package only.
 */

import type {
  Action,
  ActionOf,
  ActionReport,
  Comparison,
  ConditionStep,
  EndOfRun,
  EnsembleConfig,
  EnsembleObserver,
  ExpressionCondition,
  Failure,
  Firing,
  GroupStates,
  JobTemplate,
  JobTrace,
  Member,
  MemberHost,
  MemberSink,
  MetricsSnapshot,
  ParameterValue,
  ResizeOutcome,
  Retry,
  RetryPolicy,
  StreamState,
  SubmitOrigin,
  SubmitPortion,
  WrittenValue,
} from '../../../src/index.js';

/** Runs no job: each one ends at once, every third with an exit status of 3. */
export class InstantMember implements Member {
  readonly name = 'instant';
  size = 4;
  host: MemberHost | null = null;
  ended: EndOfRun | null = null;
  #sink: MemberSink | null = null;
  #jobs = 0n;
  #time = 1000;

  async start(sink: MemberSink, host: MemberHost): Promise<void> {
    this.#sink = sink;
    this.host = host;
    this.#record(-1n, []);
  }

  async submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    for (let i = 0; i < count; i++) this.#run(template, { ...origin, index: origin.index + i });
    return count;
  }

  async cancel(_ids: Iterable<bigint>, _note: string): Promise<number> {
    return 0;
  }

  async resize(delta: number): Promise<ResizeOutcome> {
    const before = this.size;
    this.size = Math.max(0, before + delta);
    return { before, after: this.size };
  }

  async explain(id: bigint): Promise<JobTrace | null> {
    return { parameters: null, line: `job ${id} was the third`, output: null, error: null };
  }

  async stop(_grace: number, end: EndOfRun): Promise<void> {
    this.ended = end;
  }

  #run({ group, entry }: JobTemplate, origin: SubmitOrigin): void {
    const id = ++this.#jobs;
    const user = { group, origin: { ...origin, entry } };
    const status = id % 3n === 0n ? 3 << 8 : 0;
    const names = ['submit', 'validate', 'depend', 'priority', 'alloc', 'start'];
    const events = names.map((name) => this.#event(name));
    const end = [this.#event('finish', { status }), this.#event('release'), this.#event('free')];
    this.#record(id, [...events, ...end, this.#event('clean')], { attributes: { user } });
  }

  #event(name: string, context: object = {}): object {
    return { timestamp: this.#time++, name, context };
  }

  #record(id: bigint, events: readonly object[], jobspec?: object): void {
    const record = `{"id":${id},"events":${JSON.stringify(events)}`;
    const tail = jobspec === undefined ? '}' : `,"jobspec":${JSON.stringify(jobspec)}}`;
    this.#sink?.records(Buffer.from(`${record}${tail}\n`));
  }
}

/** Writes the calls of an observer down. */
export class Log implements EnsembleObserver {
  readonly lines: string[] = [];

  firing({ name }: Firing): void {
    this.lines.push(`firing ${name}`);
  }

  action(report: ActionReport): void {
    this.lines.push(report.kind === 'submit' ? `submit ${report.jobs} ${report.group}` : report.kind);
  }

  retry({ group, attempt, parameters }: Retry): void {
    this.lines.push(`retry ${group} ${attempt} ${JSON.stringify(parameters)}`);
  }

  failure({ group, reason, line }: Failure): void {
    this.lines.push(`failure ${group}: ${reason}: ${line}`);
  }
}

const SYMBOLS: Readonly<Record<Comparison, string>> = {
  '<': 'below',
  '<=': 'at most',
  '>': 'above',
  '>=': 'at least',
  '==': 'equal to',
  '!=': 'other than',
};

function describeStep(step: ConditionStep): string {
  if (step.op === 'number') return String(step.value);
  if (step.op === 'metric') return step.metric.kind;
  return step.op in SYMBOLS ? SYMBOLS[step.op as Comparison] : step.op;
}

function describeAction(action: Action): string {
  const submits = (one: Action): one is ActionOf<'submit'> => one.name === 'submit';
  return submits(action) ? `submit ${action.label}` : action.name;
}

/** A configuration in words. */
export function describeConfig({ rules, groups }: EnsembleConfig): string[] {
  const conditions = rules.map(({ when, action }) => {
    const condition: ExpressionCondition | null = when;
    return `${condition?.steps.map(describeStep).join(' ') ?? 'always'}: ${describeAction(action)}`;
  });
  const retries = [...groups.values()].flatMap(({ name, retry }) => {
    const policy: RetryPolicy | null = retry;
    return policy === null ? [] : [`${name}: ${policy.times} retries`];
  });
  const parameters = [...groups.values()].flatMap(({ entries }) =>
    entries.flatMap((entry) => Object.values(entry.parameters).map(describeValue)),
  );
  return [...conditions, ...retries, ...parameters];
}

function describeValue(value: WrittenValue): string {
  const text: ParameterValue | string = typeof value === 'object' ? value.text : value;
  return String(text);
}

/** The mean duration of a group in a run that keeps sketches; null without jobs. */
export function meanDuration({ states }: MetricsSnapshot, group: string): number | null {
  const ofGroup: GroupStates | undefined = states?.get(group);
  const stream: StreamState | undefined = ofGroup?.duration;
  return stream === undefined || stream.count === 0 ? null : stream.mean;
}

/** Jobs as a member that submits natively gives them to the engine. */
export function portionOf(head: string, tail: string, count: number): SubmitPortion {
  return { head, tail, group: 0, count, urgency: 16 };
}
