/** Findings about failed and slow jobs in words. */

import type { FailureFinding, Finding } from '../store/blame/blame.js';
import type { Cause } from '../store/blame/causes.js';
import { PARAMETER_PREFIX } from '../store/jobs/parameters.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { timeOf } from '../text/local-time.js';
import { show } from '../text/show.js';

/** The jobs with a cause, and how they differ from the others. */
export function factsOf(finding: Finding): string {
  const { cause, logP, jobs, others } = finding;
  const chance = `(p < 1e${Math.max(-300, Math.ceil(logP / Math.LN10))})`;
  const subject = `${counted(jobs, 'job')} ${wordsOf(cause)}`;
  if (finding.effect === 'failures') {
    return `${finding.failed} of ${subject} failed, ${finding.otherFailed} of ${counted(others, 'other')} ${chance}`;
  }
  const { ratio, median, otherMedian, groups } = finding;
  const medians = groups > 1 ? '' : `: ${show(median)} s, not ${show(otherMedian)} s, in the median`;
  const compared = `${counted(others, 'other')} of the same group${groups > 1 ? 's' : ''}`;
  return `${subject} took ${show(Number(ratio.toPrecision(2)))} times as long as ${compared}${medians} ${chance}`;
}

/** Words after `jobs`. */
export function wordsOf({ column, value, from, below, group }: Cause): string {
  const name = escapeControls(
    column.startsWith(PARAMETER_PREFIX) ? column.slice(PARAMETER_PREFIX.length) : column,
  );
  const shown = escapeControls(String(value));
  if (column === 'group') return `of group ${shown}`;
  if (column === 'hosts') return `on host ${shown}`;
  if (group !== null) return `of entry ${shown} of group ${escapeControls(group)}`;
  if (column === 'start' || column === 'finish') {
    const verb = column === 'start' ? 'started' : 'ended';
    if (from === null) return `that ${verb} before ${timeOf(below ?? 0)}`;
    if (below === null) return `that ${verb} from ${timeOf(from)} on`;
    return `that ${verb} from ${timeOf(from)} to ${timeOf(below)} (${show(below - from)} s)`;
  }
  if (value !== null) return `with ${name} = ${shown}`;
  if (from === null) return `with ${name} < ${below}`;
  return below === null ? `with ${name} >= ${from}` : `with ${from} <= ${name} < ${below}`;
}

/** How the failed jobs of a finding ended; null where that is unknown. */
export function endsOf({ reasons, failed }: FailureFinding): string | null {
  const known = reasons.filter(({ exit, exception }) => exit !== null || exception !== null);
  if (known.length === 0) return null;
  const words = known.map(({ exit, exception, jobs }) => {
    const what = exception === null ? `exit status ${exit}` : `exception ${escapeControls(exception)}`;
    return `${what} (${jobs === failed ? 'all' : counted(jobs, 'job')})`;
  });
  return `ended with ${words.join(', ')}`;
}
