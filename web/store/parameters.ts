/** The choices of a plot of jobs by their parameters. */

import type { VariablesResource } from '../api/types.js';

export type Variable = VariablesResource['variables'][number];

/** The share of failed jobs, as the server calls it. */
export const FAILURE = 'failure';
/** The results of the jobs as colors. */
export const RESULT = 'result';

const isParameter = (name: string) => name.startsWith('parameters.');
const isMeasured = (name: string) => name.startsWith('measured.');

/** The name of a variable as the page shows it. */
export function titleOf(name: string): string {
  if (name === FAILURE) return 'failures';
  return name.replace(/^(parameters|measured)\./, '');
}

export interface Choice {
  readonly x: string;
  readonly y: string;
  readonly color: string;
}

export type Plotted = 'heatmap' | 'scatter';

export interface Choices extends Choice {
  readonly plot: Plotted;
  readonly xs: readonly string[];
  readonly ys: readonly string[];
  /** Empty where the values of y are the colors. */
  readonly colors: readonly string[];
}

/**
 * The possible choices, and the present one: the wanted names as far as they exist. Two parameters make a heat map. A parameter and
 * another variable make points, or one row of a heat map where the parameter has texts. Null without variables.
 */
export function choicesOf(variables: readonly Variable[], wanted: Choice): Choices | null {
  const names = variables.map(({ name }) => name);
  // A parameter with one value explains nothing.
  const parameters = [...variables]
    .filter(({ name }) => isParameter(name))
    .sort((a, b) => Number(b.distinct > 1) - Number(a.distinct > 1))
    .map(({ name }) => name);
  const measures = [
    ...names.filter(isMeasured),
    ...names.filter((name) => !isMeasured(name) && !isParameter(name)),
  ];
  const xs = [...parameters, ...measures];
  const x = oneOf(xs, wanted.x);
  if (x === null) return null;
  const isVarying = (name: string) => variables.some((each) => each.name === name && each.distinct > 1);
  const others = parameters.filter((name) => name !== x);
  const ys = [...others, ...measures.filter((name) => name !== x), FAILURE];
  const second = isParameter(x) ? others.find(isVarying) : undefined;
  const y = oneOf(ys, wanted.y, second ?? measures.find((name) => name !== x));
  if (y === null) return null;
  const hasTexts = (name: string) => variables.find((each) => each.name === name)?.kind === 'text';
  if (!isParameter(y) && !hasTexts(x)) {
    // Points at 0 and 1 say nothing, so only the share is drawn.
    if (y === FAILURE) return { plot: 'scatter', xs, ys, colors: [], x, y, color: RESULT };
    const colors = [RESULT, ...ys.filter((name) => name !== y && name !== FAILURE && !hasTexts(name))];
    return { plot: 'scatter', xs, ys, colors, x, y, color: oneOf(colors, wanted.color) ?? RESULT };
  }
  if (!isParameter(y)) return { plot: 'heatmap', xs, ys, colors: [], x, y, color: y };
  const colors = [...measures, FAILURE];
  return { plot: 'heatmap', xs, ys, colors, x, y, color: oneOf(colors, wanted.color) ?? FAILURE };
}

function oneOf(names: readonly string[], wanted: string, usual?: string): string | null {
  return names.includes(wanted) ? wanted : (usual ?? names[0] ?? null);
}
