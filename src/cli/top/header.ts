/** The lines about the whole run, above all views. */

import type { EnsembleResource } from '../../api/schemas/ensemble.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { clipped, shortened } from '../../text/width.js';
import { fitting, jobsLine, jobsOf } from '../live/jobs-line.js';
import { nearestWaits, type WaitingRule } from '../live/waits.js';
import type { Colors } from '../tables.js';
import { isOver, type ShownRun, type TopModel } from './model.js';

/** Columns of the name of a run. */
const MAX_NAME = 30;

function statusWord({ status, end }: EnsembleResource, colors: Colors): string {
  if (end !== null) {
    const word = escapeControls(end.end === 'idle' ? 'done' : end.end);
    const paint = end.end === 'failed' || end.end === 'stopped' ? colors.red : colors.bold;
    return paint(status === 'ending' ? `ending (${word})` : word);
  }
  if (status === 'running') return colors.green('running');
  return status === 'lost' ? colors.red('lost its process') : colors.yellow(status);
}

/** `study (k3f9ax)  running, local, 2 slots, 3 min` */
function titleLine(ensemble: EnsembleResource, { now }: TopModel, width: number, colors: Colors): string {
  const { name, run, id, member, size, state, started, elapsed, status } = ensemble;
  const seconds = started === null || status === 'ended' || status === 'lost' ? elapsed : now - started;
  const title = shortened(escapeControls(name), Math.min(MAX_NAME, Math.max(8, width - 24)));
  const unit = member === 'minicluster' ? 'nodes' : 'slots';
  const parts = [
    statusWord(ensemble, colors),
    ...(state === null ? [] : [`state ${escapeControls(state)}`]),
    ...(seconds === null ? [] : [duration(Math.max(0, seconds))]),
    size === null ? escapeControls(member) : `${escapeControls(member)}, ${size} ${unit}`,
  ];
  return fitting([`${colors.bold(title)} (${escapeControls(run ?? id)})`, ...parts], width);
}

/** A line while the state may be old. */
function connectionLine(run: ShownRun, colors: Colors): string | null {
  const { state, detail, retryAt } = run.connection;
  if (isOver(run) || state === 'live' || state === 'ended') return null;
  if (state === 'connecting') return colors.dim('connecting');
  const reason = detail === null ? '' : `: ${escapeControls(detail)}`;
  const again = retryAt === null ? '' : '; trying again';
  return colors.yellow(`no connection${again}${reason}`);
}

function problemLine({ problems }: ShownRun, colors: Colors): string | null {
  const last = problems.at(-1);
  if (last === undefined) return null;
  const more = problems.length > 1 ? `${problems.length} problems, the latest: ` : '';
  return colors.yellow(`${more}${escapeControls(last.message)}`);
}

function waitLine(model: TopModel, width: number, colors: Colors): string | null {
  const { run, now } = model;
  if (isOver(run) || run.ensemble?.end != null) return null;
  const rules: WaitingRule[] = [...run.rules.values()].map(({ state, ...rule }) => ({
    ...rule,
    phase: state,
  }));
  const [line] = nearestWaits(rules, now, 1);
  return line === undefined ? null : colors.dim(shortened(line, width));
}

/** Returns at most `height` lines. */
export function headerLines(model: TopModel, width: number, height: number, colors: Colors): string[] {
  const { run } = model;
  const { ensemble } = run;
  const connection = connectionLine(run, colors);
  if (ensemble === null) return [connection ?? colors.dim('connecting')].slice(0, height);
  const all = jobsOf(ensemble.counts);
  const rate = isOver(run) ? 0 : (run.rate ?? 0);
  const lines = [
    titleLine(ensemble, model, width, colors),
    jobsLine(all, { rate, paused: ensemble.paused }, width, colors),
    ...[connection, problemLine(run, colors), waitLine(model, width, colors)].filter((line) => line !== null),
  ];
  return lines.slice(0, height).map((line) => clipped(line, width));
}
