/** What people see of the ensembles of a service. */

import Table from 'cli-table3';
import { escapeControls } from '../config/describe.js';
import type {
  EnsembleState,
  FiringMessage,
  GroupState,
  StatisticsState,
} from '../service/ensembles/proto.js';
import { type Colors, countsTable, plainTable, type ShownGroup, show, statisticsTable } from './tables.js';

/** Seconds in words, short: `12 s`, `3 min`, `2 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

const ago = (time: number) => (time === 0 ? '-' : `${duration(Date.now() / 1000 - time)} ago`);

/** The status as a word, in its colour. */
export function statusWord({ status, end }: EnsembleState, colors: Colors): string {
  switch (status) {
    case 'RUNNING':
      return colors.green('running');
    case 'PAUSED':
      return colors.yellow('paused');
    case 'LOST':
      return colors.red('lost');
    default:
      if (end?.error) return colors.red(escapeControls(end.end));
      return colors.dim(end?.end === 'idle' ? 'done' : escapeControls(end?.end || 'ended'));
  }
}

/** A line for each ensemble. */
export function listTable(ensembles: readonly EnsembleState[], colors: Colors): string {
  if (ensembles.length === 0) return 'no ensembles: `ensemble run FILE --service` registers one';
  const titles = [
    'name',
    'id',
    'status',
    'member',
    'size',
    'pending',
    'running',
    'success',
    'failed',
    'firings',
  ];
  const table = new Table({
    ...plainTable,
    head: [...titles, 'updated', 'where'].map((title) => colors.bold(title)),
    colAligns: [
      ...titles.map((_, index) => (index < 4 ? ('left' as const) : ('right' as const))),
      'right',
      'left',
    ],
  });
  for (const ensemble of ensembles) {
    const { run, counts, totals, size, state, updated } = ensemble;
    table.push([
      escapeControls(run?.name ?? ''),
      escapeControls(run?.id ?? ''),
      `${statusWord(ensemble, colors)}${state === '' ? '' : ` in ${escapeControls(state)}`}`,
      escapeControls(run?.member ?? ''),
      size === undefined ? '-' : String(size),
      String(counts?.pending ?? 0),
      String(counts?.running ?? 0),
      String(counts?.success ?? 0),
      String(counts?.failed ?? 0),
      String(totals?.firings ?? 0),
      ago(updated),
      escapeControls(`${run?.host ?? ''} (${run?.pid ?? 0})`),
    ]);
  }
  return table.toString();
}

function shownStatistics(statistics: StatisticsState | null): ShownGroup['duration'] {
  return { ...statistics?.values, count: statistics?.count ?? 0 };
}

/** The groups as the tables of a run's end show them. */
export function groupTables(groups: readonly GroupState[], colors: Colors): string {
  const shown = new Map<string, ShownGroup>();
  for (const { name, counts, duration: lasted, pending, probes } of groups) {
    if (counts !== null) {
      shown.set(name, {
        count: counts,
        duration: shownStatistics(lasted),
        pending: shownStatistics(pending),
        probes: Object.fromEntries(
          Object.entries(probes).map(([probe, statistics]) => [probe, shownStatistics(statistics)]),
        ),
      });
    }
  }
  if (shown.size === 0) return '';
  const statistics = statisticsTable(shown, colors);
  return statistics === '' ? countsTable(shown, colors) : `${countsTable(shown, colors)}\n\n${statistics}`;
}

/** A firing on one line. */
export function firingLine(
  { time, name, action, label, value, askedBy }: FiringMessage,
  colors: Colors,
): string {
  const clock = colors.dim(new Date(time * 1000).toTimeString().slice(0, 8));
  const what = escapeControls(label === '' ? action : `${action} ${label}`);
  const why = escapeControls(askedBy === '' ? name : `asked by ${askedBy}`);
  const at = value === undefined ? '' : colors.dim(` (${show(value)})`);
  return `${clock} ${colors.cyan(what)}  ${why}${at}`;
}

/** One ensemble in full. `rate` is of its events, a second. */
export function ensembleText(ensemble: EnsembleState, colors: Colors, rate: number | null = null): string {
  const { run, size, totals, updated, state, groups, firings, firingsDropped, end } = ensemble;
  const facts = [
    `${run?.member} member${size === undefined ? '' : `, size ${size}`}`,
    ...(state === '' ? [] : [`state ${state}`]),
    `${run?.user}@${run?.host}, pid ${run?.pid}`,
    `began ${ago(run?.started ?? 0)}`,
    `updated ${ago(updated)}`,
  ].map(escapeControls);
  const events = rate === null ? '' : ` (${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s)`;
  const broken = totals?.decodeErrors ? `, ${totals.decodeErrors} broken records` : '';
  const lines = [
    `${colors.bold(escapeControls(run?.name ?? ''))} ${colors.dim(escapeControls(run?.id ?? ''))} ${statusWord(ensemble, colors)}`,
    facts.join(', '),
    `${totals?.events ?? 0} events${events}, ${totals?.firings ?? 0} firings${broken}`,
  ];
  if (end?.error) lines.push(colors.red(escapeControls(end.error)));
  const tables = groupTables(groups, colors);
  if (tables !== '') lines.push('', tables);
  if (firings.length > 0) {
    lines.push('', colors.bold('latest firings'));
    if (firingsDropped > 0) lines.push(colors.dim(`${firingsDropped} were dropped on their way here`));
    lines.push(...firings.slice(-10).map((firing) => firingLine(firing, colors)));
  }
  return lines.join('\n');
}
