/** The lines of `ensemble why`. */

import { kindOf } from '../actions/catalog.js';
import { triggerKindOf } from '../language/triggers/catalog.js';
import type { Action } from '../model/action.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import { formatJobId } from '../model/job-id.js';
import type { FiringFacts } from '../run/why/firing-facts.js';
import type { JobReason } from '../run/why/job.js';
import { outlookOf } from '../run/why/outlook.js';
import type { RuleReason } from '../run/why/rule.js';
import type { JobRow } from '../store/jobs/row.js';
import { counted, countedTimes } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { timeOf } from '../text/local-time.js';
import { show } from '../text/show.js';
import type { Colors } from './tables.js';

const TITLE_WIDTH = 14;

/** `11-26 22:15:07.120`, in the local time zone. */
function momentOf(seconds: number): string {
  const milliseconds = Math.floor((seconds % 1) * 1000);
  return `${timeOf(seconds)}.${String(milliseconds).padStart(3, '0')}`;
}

/** A line `title  text`; further texts below the first one. */
function* entry(title: string, texts: readonly string[], { dim }: Colors): Generator<string> {
  for (const [i, text] of texts.entries()) {
    yield `  ${dim((i === 0 ? title : '').padEnd(TITLE_WIDTH))}${escapeControls(text)}`;
  }
}

const valuesOf = (values: Readonly<Record<string, number | null>>) =>
  Object.entries(values).map(([name, value]) => `${name} ${value === null ? 'unknown' : show(value)}`);

/** `finish of job ƒ2CgRFD (group a)`, or nothing for a firing without an event. */
function eventOf({ event, job, group }: FiringFacts): string[] {
  if (event === null && job === null) return [];
  const ofGroup = group === null ? '' : ` (${group})`;
  return [job === null ? (event ?? '') : `${event ?? 'event'} of job ${formatJobId(job)}${ofGroup}`];
}

/** A firing on one line. */
function firingLine(firing: FiringFacts, named: boolean): string {
  const { number, rule, due, time, resolved, state, goto, values } = firing;
  const led = goto === null ? [] : [`to state ${goto}`];
  const within = state === null ? [] : [`in state ${state}`];
  const words = [
    ...(named ? [`rule ${rule} (${due})`] : []),
    ...(resolved ? ['resolved'] : []),
    ...eventOf(firing),
    ...valuesOf(values),
    ...within,
    ...led,
  ];
  return `firing ${number} at ${momentOf(time)}: ${words.join(', ') || 'no event'}`;
}

/** The latest firings, and the number of those before. */
function latest(firings: readonly FiringFacts[], limit: number, named: boolean): string[] {
  const shown = limit === 0 ? [] : firings.slice(-limit);
  const before = firings.length - shown.length;
  const lines = shown.map((firing) => firingLine(firing, named));
  return before === 0
    ? lines
    : [`${counted(before, 'earlier firing')}, which --limit or --json show`, ...lines];
}

function clauseLines({ clauses }: RuleReason): string[] {
  return clauses.map(({ text, holds, values }) => {
    const state = holds === null ? 'depends on the event' : holds ? 'holds' : 'does not hold';
    const unknown = Object.values(values).includes(null) && holds === null;
    const known = valuesOf(values);
    const [only] = Object.values(values);
    const now = known.length === 1 ? show(only ?? null).replace(/^-$/, 'no value') : known.join(', ');
    const result = unknown ? 'is unknown' : state;
    return known.length === 0 ? `${text} ${result}` : `${text} ${result}: ${now} at the end of the log`;
  });
}

/** Explains a rule. */
export function* ruleReasonLines(
  reason: RuleReason,
  rule: Rule,
  config: EnsembleConfig,
  limit: number,
  colors: Colors,
): Generator<string> {
  const { report, repetitionsLeft, firings } = reason;
  yield colors.bold(escapeControls(`rule ${reason.rule}: ${reason.due}`));
  const plannedOf = (action: Action): string => {
    const [planned = ''] = kindOf(action).words.planned(action, rule, config).split('\n');
    return action.goto === null ? planned : `${planned} goto ${action.goto}`.trim();
  };
  yield* entry('action', [plannedOf(rule.action)], colors);
  if (rule.resolve !== null) yield* entry('resolve', [plannedOf(rule.resolve)], colors);
  const left = `${counted(repetitionsLeft, 'repetition')} left`;
  const resolved = firings.filter((firing) => firing.resolved).length;
  const fired = firings.length - resolved;
  const often = [
    fired === 0 ? 'never' : countedTimes(fired),
    ...(resolved === 0 ? [] : [`resolved ${countedTimes(resolved)}`]),
  ];
  yield* entry('fired', [`${often.join(', ')}; ${left}`], colors);
  const came = triggerKindOf(rule.trigger).words.came(report.came, rule.triggerText);
  yield* entry('came', [came], colors);
  yield* entry('condition', clauseLines(reason), colors);
  if (report.why !== '') yield* entry('why', [report.why], colors);
  yield* entry('next', outlookOf(rule, reason, momentOf), colors);
  yield* entry('firings', latest(firings, limit, false), colors);
}

const resultOf = ({ result, exit, exception, note }: JobRow) =>
  [
    result,
    ...(exit === null ? [] : [`exit status ${exit}`]),
    ...(exception === null ? [] : [`exception ${exception}${note === null ? '' : `: ${note}`}`]),
  ].join(', ');

/** The events of a job with their times. */
function eventLines(job: JobRow): string[] {
  const events = [
    ['submit', job.submit],
    ['start', job.start],
    ['finish', job.finish],
  ] as const;
  return events.flatMap(([name, time]) => (time === null ? [] : [`${momentOf(time)} ${name}`]));
}

/** Explains a job. */
export function* jobReasonLines(reason: JobReason, limit: number, colors: Colors): Generator<string> {
  const { job, attempts, causes, requested, effects } = reason;
  const parameters = Object.entries(job.parameters).map(([name, value]) => `${name} ${value}`);
  const more = parameters.length === 0 ? '' : ` (${parameters.join(', ')})`;
  yield colors.bold(escapeControls(`job ${formatJobId(job.id)} of ${job.group}${more}: ${resultOf(job)}`));
  const chain = causes.map((firing) => firingLine(firing, true));
  if (requested) chain.push('a request from outside');
  else if (chain.length === 0) chain.push('unknown: the log has no firing that submitted it');
  yield* entry('submitted by', chain.slice(0, 1), colors);
  yield* entry('because of', chain.slice(1), colors);
  yield* entry('events', eventLines(job), colors);
  if (attempts.length > 1) {
    const lines = attempts.map((each) => {
      const [submitted = 'unknown'] = eventLines(each);
      return `attempt ${each.attempt}, job ${formatJobId(each.id)}, ${submitted}: ${resultOf(each)}`;
    });
    yield* entry('attempts', lines, colors);
  }
  yield* entry('caused', effects.length === 0 ? ['no firing'] : latest(effects, limit, true), colors);
}
