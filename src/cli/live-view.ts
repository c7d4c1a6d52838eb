/** A view of one ensemble, or of all, that a terminal keeps showing until it ends. */

import { stripVTControlCharacters } from 'node:util';
import type { EnsembleState, WatchResponse } from '../service/ensembles/proto.js';
import { ensembleText, listTable } from './ensemble-view.js';
import { colorsFor } from './tables.js';

/** Milliseconds between two drawings, at least; the ages in it pass also when nothing changes. */
const DRAW_INTERVAL = 250;
const FIRINGS_KEPT = 20;
/** Seconds over which the rate of events is smoothed. */
const RATE_WINDOW = 3;

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** Cut to a width, its colours left whole. */
function clip(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let shown = 0;
  let text = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b')) {
      text += part;
    } else {
      text += part.slice(0, width - shown);
      shown = Math.min(width, shown + part.length);
    }
  }
  return text;
}

interface Seen {
  state: EnsembleState;
  rate: number;
}

/** What is known of an ensemble after another change of it. */
function merge(before: Seen | undefined, change: EnsembleState): Seen {
  if (before === undefined) return { state: change, rate: 0 };
  const { state } = before;
  const groups = new Map(state.groups.map((group) => [group.name, group]));
  for (const group of change.groups) groups.set(group.name, group);
  const firings = [...state.firings, ...change.firings].slice(-FIRINGS_KEPT);
  const seconds = change.updated - state.updated;
  const events = (change.totals?.events ?? 0) - (state.totals?.events ?? 0);
  const weight = 1 - Math.exp(-seconds / RATE_WINDOW);
  const rate = seconds > 0 ? before.rate + weight * (events / seconds - before.rate) : before.rate;
  return { state: { ...change, groups: [...groups.values()], firings }, rate };
}

/** `name` is that of the ensemble that is shown, or null for all. */
export function liveView(name: string | null): { show(change: WatchResponse): void; close(): void } {
  const { stdout } = process;
  const colors = colorsFor(stdout);
  const seen = new Map<string, Seen>();
  let service = 'connecting';

  const content = (): string => {
    const [first] = seen.values();
    if (name === null)
      return listTable(
        [...seen.values()].map(({ state }) => state),
        colors,
      );
    if (first === undefined) return service;
    return ensembleText(first.state, colors, first.state.status === 'RUNNING' ? first.rate : null);
  };
  const draw = () => {
    const { rows = 24, columns = 80 } = stdout;
    const lines = content().split('\n');
    // The end of what is shown are the latest firings: of those there may be fewer.
    const shown = lines.slice(0, rows - 1).map((line) => `${clip(line, columns)}\x1b[0m\x1b[K`);
    stdout.write(
      `\x1b[H${shown.join('\r\n')}\r\n\x1b[J${colors.dim('Ctrl-C ends the view, not the ensemble')}`,
    );
  };
  stdout.write(ENTER);
  // However the process ends, the terminal is as it was.
  const leave = () => stdout.write(LEAVE);
  process.once('exit', leave);
  stdout.on('resize', draw);
  const timer = setInterval(draw, DRAW_INTERVAL);
  draw();

  return {
    show({ ensemble, forgotten }) {
      service = '';
      if (forgotten) seen.delete(forgotten);
      if (ensemble?.run) seen.set(ensemble.run.id, merge(seen.get(ensemble.run.id), ensemble));
    },
    close() {
      clearInterval(timer);
      stdout.off('resize', draw);
      process.off('exit', leave);
      leave();
      if (seen.size > 0) stdout.write(`${content()}\n`);
    },
  };
}
