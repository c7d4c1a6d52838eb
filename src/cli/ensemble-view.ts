/** Views of the ensembles of a service. */

import type {
  EnsembleState,
  FiringMessage,
  GroupState,
  StatisticsState,
} from '../service/ensembles/proto.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { duration } from '../text/duration.js';
import { show } from '../text/show.js';
import { type Column, type TableLayout, tableLines } from '../text/table.js';
import { flow, shortened, widthOf } from '../text/width.js';
import { type Colors, groupLines, type ShownGroup } from './tables.js';

const ago = (time: number) => (time === 0 ? '-' : `${duration(Date.now() / 1000 - time)} ago`);

/** Returns the coloured status in a word, or in a few words for an ensemble that was ended by a user. */
export function statusWord(
  { status, end }: EnsembleState,
  colors: Colors,
  width = Number.POSITIVE_INFINITY,
): string {
  switch (status) {
    case 'RUNNING':
      return colors.green('running');
    case 'PAUSED':
      return colors.yellow('paused');
    case 'LOST':
      return colors.red('lost');
    default: {
      const by = end?.by ? ` by ${escapeControls(end.by)}` : '';
      const words = `${end?.end === 'idle' ? 'done' : escapeControls(end?.end || 'ended')}${by}`;
      return (end?.error ? colors.red : colors.dim)(shortened(words, width));
    }
  }
}

/** Maximum width of the status in a list. */
const MAX_STATUS = 40;

const listColumns: readonly Column[] = [
  { title: 'name', align: 'left' },
  { title: 'id', align: 'left', spare: 7 },
  { title: 'status', align: 'left' },
  { title: 'member', align: 'left', spare: 5 },
  { title: 'size', align: 'right', spare: 4 },
  { title: 'pending', align: 'right' },
  { title: 'running', align: 'right' },
  { title: 'success', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'firings', align: 'right', spare: 3 },
  { title: 'updated', align: 'right', spare: 2 },
  { title: 'where', align: 'left', spare: 6 },
];

/** Returns a line for each ensemble. */
export function listLines(
  ensembles: readonly EnsembleState[],
  colors: Colors,
  layout: TableLayout,
): Iterable<string> {
  if (ensembles.length === 0) return ['no ensembles: `ensemble run FILE --service` registers one'];
  const rows = ensembles.map((ensemble) => {
    const { run, counts, totals, size, state, updated } = ensemble;
    return [
      escapeControls(run?.name ?? ''),
      escapeControls(run?.id ?? ''),
      `${statusWord(ensemble, colors, MAX_STATUS)}${state === '' ? '' : ` in ${escapeControls(state)}`}`,
      escapeControls(run?.member ?? ''),
      size === undefined ? '-' : String(size),
      String(counts?.pending ?? 0),
      String(counts?.running ?? 0),
      String(counts?.success ?? 0),
      String(counts?.failed ?? 0),
      String(totals?.firings ?? 0),
      ago(updated),
      escapeControls(`${run?.host ?? ''} (${run?.pid ?? 0})`),
    ];
  });
  return tableLines({ columns: listColumns, rows }, layout);
}

function shownStatistics(statistics: StatisticsState | null): ShownGroup['duration'] {
  return { ...statistics?.values, count: statistics?.count ?? 0 };
}

/** Returns the groups in the tables of a run's end. */
export function groupStateLines(groups: readonly GroupState[], layout: TableLayout): Iterable<string> {
  const shown: [string, ShownGroup][] = [];
  for (const { name, counts, duration: lasted, pending, probes } of groups) {
    if (counts === null) continue;
    shown.push([
      name,
      {
        count: counts,
        duration: shownStatistics(lasted),
        pending: shownStatistics(pending),
        probes: Object.fromEntries(
          Object.entries(probes).map(([probe, statistics]) => [probe, shownStatistics(statistics)]),
        ),
      },
    ]);
  }
  return groupLines(shown, new Map(), layout);
}

/** Returns a firing, on one line if it fits. */
export function firingLines(
  { time, name, action, label, value, askedBy }: FiringMessage,
  colors: Colors,
  width: number,
): string[] {
  const clock = new Date(time * 1000).toTimeString().slice(0, 8);
  const indent = ' '.repeat(clock.length + 1);
  const room = width - indent.length;
  const what = shortened(escapeControls(label === '' ? action : `${action} ${label}`), room);
  const at = value === undefined ? '' : ` (${show(value)})`;
  const why = shortened(escapeControls(askedBy === '' ? name : `asked by ${askedBy}`), room - widthOf(at));
  const parts = [`${colors.dim(clock)} ${colors.cyan(what)}`, `${why}${colors.dim(at)}`];
  return flow(parts, '  ', width, indent);
}

/** Yields one ensemble with all details. `rate` is its events a second. */
export function* ensembleLines(
  ensemble: EnsembleState,
  colors: Colors,
  layout: TableLayout,
  rate: number | null = null,
): Generator<string> {
  const { run, size, totals, updated, state, groups, firings, firingsDropped, end } = ensemble;
  const { width } = layout;
  const short = (text: string) => shortened(escapeControls(text), width);
  yield* flow(
    [
      colors.bold(short(run?.name ?? '')),
      colors.dim(short(run?.id ?? '')),
      statusWord(ensemble, colors, width),
    ],
    ' ',
    width,
  );
  const facts = [
    `${run?.member} member`,
    ...(size === undefined ? [] : [`size ${size}`]),
    ...(state === '' ? [] : [`state ${state}`]),
    `${run?.user}@${run?.host}`,
    `pid ${run?.pid}`,
    `began ${ago(run?.started ?? 0)}`,
    `updated ${ago(updated)}`,
  ];
  yield* flow(facts.map(short), ', ', width);
  const events = counted(totals?.events ?? 0, 'event');
  const numbers = [
    rate === null ? events : `${events} (${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s)`,
    counted(totals?.firings ?? 0, 'firing'),
    ...(totals?.decodeErrors ? [counted(totals.decodeErrors, 'broken record')] : []),
  ];
  yield* flow(numbers, ', ', width);
  if (end?.error)
    yield* flow(
      end.error.split(' ').map((word) => colors.red(short(word))),
      ' ',
      width,
    );
  let isFirst = true;
  for (const line of groupStateLines(groups, layout)) {
    if (isFirst) yield '';
    isFirst = false;
    yield line;
  }
  if (firings.length === 0) return;
  yield '';
  yield colors.bold('latest firings');
  if (firingsDropped > 0) yield colors.dim(`${counted(firingsDropped, 'firing')} did not reach the service`);
  for (const firing of firings.slice(-10)) yield* firingLines(firing, colors, width);
}
