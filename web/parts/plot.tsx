/** A plot on a canvas. Its content is in words next to it, because readers of the screen can't see it. */

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatTime } from '../format/times.js';
import 'uplot/dist/uPlot.min.css';

/** The colors of the page, by their names without `--`. */
export type ColorOf = (name: string) => string;

interface PlotProps {
  /** The content in words. */
  readonly label: string;
  readonly data: uPlot.AlignedData;
  /** Everything but the size. It is used again when `kind` or the colors of the page change. */
  readonly options: (color: ColorOf) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly kind: string;
  readonly height?: number;
}

const DARK = '(prefers-color-scheme: dark)';

export function Plot({ label, data, options, kind, height = 220 }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [dark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const change = () => setDark(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, []);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const style = getComputedStyle(element);
    const made = new uPlot(
      { ...options((name) => style.getPropertyValue(`--${name}`)), width: element.clientWidth, height },
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [dark, kind, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={box} class="plot" role="img" aria-label={label} />;
}

/** An axis in the colors of the page. */
export function axis(color: ColorOf, more: Partial<uPlot.Axis> = {}): uPlot.Axis {
  const grid = { stroke: color('line'), width: 1 };
  return { stroke: color('faint'), grid, ticks: grid, ...more };
}

const DAY = 86_400;

/** An axis of times, in seconds since the epoch, in the local clock of 24 hours. */
export function timeAxis(color: ColorOf): uPlot.Axis {
  return axis(color, {
    space: 80,
    size: 32,
    values: (_plot, splits, _axis, _space, step) => splits.map((seconds) => tickText(seconds, step)),
  });
}

function tickText(seconds: number, step: number): string {
  const time = formatTime(seconds);
  if (step >= DAY)
    return new Date(seconds * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const clock = time.slice(-8);
  if (step < 1) return `${clock}${(((seconds % 1) + 1) % 1).toFixed(2).slice(1)}`;
  return step >= 60 ? clock.slice(0, 5) : clock;
}

/** Lines with steps. */
export function stepped(): Pick<uPlot.Series, 'paths'> {
  const paths = uPlot.paths.stepped?.({ align: 1 });
  return paths === undefined ? {} : { paths };
}
