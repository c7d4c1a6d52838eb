/** The whole screen: the header, a view or a screen above it, and the line at the bottom. */

import { escapeControls } from '../../text/describe.js';
import { clipped, flow } from '../../text/width.js';
import { fitting } from '../live/jobs-line.js';
import type { Colors } from '../tables.js';
import { headerLines } from './header.js';
import { jobLinesOf, outputLines } from './job-view.js';
import { jobLines } from './jobs-view.js';
import { firingList, groupList, type Look, problemList, ruleList, type ShownList } from './list-views.js';
import { isOver, type ShownRun, type TopModel } from './model.js';
import { VIEWS, type ViewName, type ViewState, visible } from './view-state.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A screen, and how many rows its list had. */
export interface Frame {
  readonly lines: readonly string[];
  readonly listHeight: number;
}

const LISTS: Readonly<Record<Exclude<ViewName, 'jobs'>, (run: ShownRun, look: Look) => ShownList>> = {
  groups: groupList,
  rules: ruleList,
  firings: firingList,
  problems: problemList,
};

/** The list of a view with lines of its own; null for jobs. */
export function listOf(view: ViewName, run: ShownRun, look: Look): ShownList | null {
  return view === 'jobs' ? null : LISTS[view](run, look);
}

const TITLES: Readonly<Record<ViewName, string>> = {
  groups: 'Groups',
  rules: 'Rules',
  jobs: 'Jobs',
  firings: 'Firings',
  problems: 'Problems',
};

/** `[1 Groups]  2 Rules  3 Jobs  4 Firings  5 Problems` */
function tabLine({ view }: ViewState, width: number, colors: Colors): string {
  const titles = VIEWS.map((name, index) => ({ name, text: `${index + 1} ${TITLES[name]}` }));
  const wide = titles.reduce((sum, { text }) => sum + text.length + 3, 0) <= width;
  return titles
    .map(({ name, text }) => {
      const title = wide ? text : TITLES[name];
      return name === view ? colors.bold(`[${title}]`) : wide ? ` ${title} ` : title;
    })
    .join(' ');
}

const HELP = [
  ['1 to 5', 'another view; also Tab'],
  ['arrows', 'move; also PgUp, Home'],
  ['Enter', 'open the group or the job'],
  ['Esc', 'back; without the filter'],
  ['/', 'filter by words; of jobs:'],
  ['', 'failed melt exit == 3'],
  ['f', 'jobs: failed, active, all'],
  ['s', 'jobs: newest first, or last'],
  ['o', 'output of the job'],
  ['e', 'standard error of the job'],
  ['c', 'cancel the job or group'],
  ['p', 'pause the rules, or resume'],
  ['q', 'quit; the run goes on'],
] as const;

function helpLines(colors: Colors): string[] {
  return HELP.map(([key, words]) => `${colors.bold(key.padEnd(8))}${words}`);
}

/** Keys of a view of its own. */
const OWN_HINTS: Readonly<Record<ViewName, readonly string[]>> = {
  groups: ['Enter jobs'],
  rules: [],
  jobs: ['Enter job', 'f results'],
  firings: [],
  problems: [],
};

/** The most important key first. */
function hintsOf({ screen, view, lists, help }: ViewState, isSteered: boolean): readonly string[] {
  if (help) return ['any key closes the help'];
  const cancel = isSteered ? ['c cancel'] : [];
  if (screen !== null) {
    return ['Esc back', screen.kind === 'job' ? 'o output' : 'e other stream', ...cancel, 'q quit'];
  }
  return [
    ...(lists[view].filter === '' ? [] : ['Esc no filter']),
    ...['q quit', '? help', '/ filter'],
    ...OWN_HINTS[view],
    ...(view === 'groups' || view === 'jobs' ? cancel : []),
    ...(isSteered ? ['p pause'] : []),
  ];
}

function bottomLine(state: ViewState, model: TopModel, width: number, colors: Colors): string {
  const { question, typed, message } = state;
  if (question !== null) return clipped(colors.bold(`${escapeControls(question.text)} (y/n)`), width);
  if (typed !== null) {
    // The end of a long text stays in sight.
    const text = escapeControls(typed);
    return `/${text.slice(Math.max(0, text.length - width + 2))}_`;
  }
  if (message !== null) {
    const paint = message.isError ? colors.red : colors.bold;
    return clipped(paint(escapeControls(message.text)), width);
  }
  return colors.dim(fitting(hintsOf(state, !isOver(model.run)), width, '  '));
}

/** Marks the selected item, also without colours. */
function marked(line: string, isSelected: boolean, colors: Colors): string {
  return isSelected ? `${colors.bold(colors.cyan('>'))} ${line}` : `  ${line}`;
}

/** The lines of the list of a view. Its place is corrected for what there is. */
function listLines(
  state: ViewState,
  model: TopModel,
  { width, height }: Size,
  colors: Colors,
): { lines: string[]; listHeight: number } {
  // Before the first state of the run, only the header has something to show: the connection.
  if (model.run.ensemble === null) return { lines: [], listHeight: height };
  const { view, lists } = state;
  const place = lists[view];
  const { filter } = place;
  const list = listOf(view, model.run, { width: width - 2, colors, now: model.now, filter });
  const titles = filter === '' ? [] : [colors.cyan(clipped(`only: ${escapeControls(filter)}`, width))];
  if (list === null) return jobsTable(state, model, { width, height }, colors, titles);
  const listHeight = height - titles.length;
  if (list.count === 0)
    return { lines: [...titles, colors.dim(clipped(`  ${list.empty}`, width))], listHeight };
  place.selected = Math.min(Math.max(0, place.selected), list.count - 1);
  const shown = visible(list.count, place, listHeight, (item) => list.linesOf(item, item === place.selected));
  place.first = shown.first;
  let before = -1;
  const lines = shown.rows.map(({ item, line }) => {
    const isFirst = item !== before;
    before = item;
    return marked(line, item === place.selected && isFirst, colors);
  });
  return { lines: [...titles, ...lines], listHeight };
}

function jobsTable(
  state: ViewState,
  { jobs, now }: TopModel,
  { width, height }: Size,
  colors: Colors,
  titles: readonly string[],
) {
  const place = state.lists.jobs;
  const listHeight = Math.max(1, height - titles.length - 2);
  if (jobs === null) return { lines: [...titles, colors.dim('  reading the jobs')], listHeight };
  if (jobs.error !== null) {
    const words = flow(escapeControls(jobs.error).split(' '), ' ', Math.max(10, width - 2));
    return { lines: [...titles, ...words.map((line) => `  ${colors.yellow(line)}`)], listHeight };
  }
  const { matching, total, from } = jobs;
  if (matching === 0) {
    const words = total === 0 ? 'no jobs so far' : `none of ${total} jobs`;
    return { lines: [...titles, colors.dim(`  ${words}`)], listHeight };
  }
  place.selected = Math.min(Math.max(0, place.selected), matching - 1);
  const { title, lines } = jobLines(jobs, width - 2, now, colors);
  const shown = visible(matching, place, listHeight, (item) => [lines[item - from] ?? colors.dim('…')]);
  place.first = shown.first;
  const last = Math.min(matching, shown.first + shown.rows.length);
  const of = matching === total ? '' : ` (${total} in all)`;
  return {
    lines: [
      ...titles,
      `  ${title}`,
      ...shown.rows.map(({ item, line }) => marked(line, item === place.selected, colors)),
      colors.dim(
        clipped(
          `  ${shown.first + 1} to ${last} of ${matching}${of}${state.newestFirst ? ', newest first' : ''}`,
          width,
        ),
      ),
    ],
    listHeight,
  };
}

function screenLines(state: ViewState, model: TopModel, size: Size, colors: Colors): string[] {
  const { screen } = state;
  if (screen === null) return [];
  if (screen.kind === 'job') {
    const lines =
      model.job === null
        ? [colors.dim('reading the job')]
        : jobLinesOf(model.job, model.run, size.width, model.now, colors);
    screen.back = Math.min(screen.back, Math.max(0, lines.length - size.height));
    return lines.slice(screen.back, screen.back + size.height);
  }
  const stream = screen.stream === 'error' ? 'standard error' : 'output';
  const follows = screen.back === 0 ? '' : `, ${screen.back} lines follow`;
  const title = colors.bold(clipped(`${stream} of job ${escapeControls(screen.job)}${follows}`, size.width));
  const room = { width: size.width, height: size.height - 1 };
  if (model.output === null) return [title, colors.dim('reading the output')];
  screen.back = Math.min(screen.back, Math.max(0, model.output.lines.length - room.height));
  return [title, ...outputLines(model.output, room, screen.back, colors)];
}

/** Lines of the header in a terminal of this height. */
const headerHeight = (height: number) => (height < 10 ? 1 : height < 16 ? 3 : 5);

/** Returns exactly as many lines as the screen has rows, each of at most its width. */
export function frameOf(state: ViewState, model: TopModel, size: Size, colors: Colors): Frame {
  const { width, height } = size;
  // A small terminal has no room for both.
  const hasHeader = !state.help || height > HELP.length + 6;
  const header = hasHeader ? headerLines(model, width, headerHeight(height), colors) : [];
  const tabs =
    !hasHeader || height < 6
      ? []
      : [...(height < 16 ? [] : ['']), clipped(tabLine(state, width, colors), width)];
  const room = { width, height: Math.max(1, height - header.length - tabs.length - 1) };
  const list = state.help || state.screen !== null ? null : listLines(state, model, room, colors);
  const body = state.help ? helpLines(colors) : (list?.lines ?? screenLines(state, model, room, colors));
  const filled = Array.from({ length: room.height }, (_, row) => body[row] ?? '');
  const lines = [...header, ...tabs, ...filled, bottomLine(state, model, width, colors)];
  return {
    lines: lines.slice(0, height).map((line) => clipped(line, width)),
    listHeight: list?.listHeight ?? room.height,
  };
}
