/** A view of one ensemble, or of all, that is updated on a terminal until its end. */

import type { EnsembleState, WatchResponse } from '../service/ensembles/proto.js';
import { ensembleLines, listLines } from './ensemble-view.js';
import { printLines } from './output.js';
import { colorsFor, layoutFor } from './tables.js';

/** Minimum milliseconds between two updates. The view is also updated without changes, because it shows ages. */
const DRAW_INTERVAL = 250;
/** Minimum pause between updates, as a multiple of the time of an update. Thousands of groups take a while. */
const DRAW_COST = 10;
const FIRINGS_KEPT = 20;
/** Seconds over which the rate of events is smoothed. */
const RATE_WINDOW = 3;

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

interface Seen {
  state: EnsembleState;
  rate: number;
}

/** Merges a change into the known state of an ensemble. */
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

/** `name` selects the ensemble; null shows all. */
export function liveView(name: string | null): { show(change: WatchResponse): void; close(): Promise<void> } {
  const { stdout } = process;
  const colors = colorsFor(stdout);
  const seen = new Map<string, Seen>();
  let service = 'connecting';

  const content = (narrow: 'drop' | 'wrap'): Iterable<string> => {
    const layout = layoutFor(stdout, narrow);
    const [first] = seen.values();
    if (name === null) {
      const states = [...seen.values()].map(({ state }) => state);
      return listLines(states, colors, layout);
    }
    if (first === undefined) return [service];
    const rate = first.state.status === 'RUNNING' ? first.rate : null;
    return ensembleLines(first.state, colors, layout, rate);
  };
  const draw = () => {
    const { rows = 24 } = stdout;
    const shown: string[] = [];
    // Only lines that fit on the terminal are computed.
    for (const line of content('drop')) {
      if (shown.length >= rows - 1) break;
      shown.push(`${line}\x1b[K`);
    }
    stdout.write(
      `\x1b[H${shown.join('\r\n')}\r\n\x1b[J${colors.dim('Ctrl-C ends the view, not the ensemble')}`,
    );
  };
  stdout.write(ENTER);
  // Restores the terminal at every kind of exit.
  const leave = () => stdout.write(LEAVE);
  process.once('exit', leave);
  stdout.on('resize', draw);
  let timer: NodeJS.Timeout | undefined;
  const drawAndWait = () => {
    const begun = performance.now();
    draw();
    timer = setTimeout(drawAndWait, Math.max(DRAW_INTERVAL, DRAW_COST * (performance.now() - begun)));
  };
  drawAndWait();

  return {
    show({ ensemble, forgotten }) {
      service = '';
      if (forgotten) seen.delete(forgotten);
      if (ensemble?.run) seen.set(ensemble.run.id, merge(seen.get(ensemble.run.id), ensemble));
    },
    async close() {
      clearTimeout(timer);
      stdout.off('resize', draw);
      process.off('exit', leave);
      leave();
      if (seen.size > 0) await printLines(content('wrap'));
    },
  };
}
