// One observation in all of a stream's statistics (mean, variance, min, max, IQR, MAD, three quantiles), against
// the `benchmark` package and a JavaScript port of the textbook's P². Then with the parts that only rules request:
// a sketch (p95, median), and a sliding window.

import Benchmark from 'benchmark';
import { loadAddon } from '../dist/engine/addon.js';
import { show } from './measure.mjs';
import { TextbookSummary } from './textbook-summary.mjs';

const { Summary } = loadAddon();
const count = 10_000;
const values = Float64Array.from(
  { length: count },
  (_, i) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 100,
);

export async function run() {
  const suite = new Benchmark.Suite();
  suite
    .add('native', () => {
      new Summary(false, 0).observe(values);
    })
    .add('with a sketch', () => {
      new Summary(true, 0).observe(values);
    })
    .add('with a window', () => {
      new Summary(false, 6000).observe(values);
    })
    .add('textbook', () => {
      const summary = new TextbookSummary();
      for (const value of values) summary.observe(value);
    });
  await new Promise((resolve, reject) => {
    suite.on('complete', resolve).on('error', (event) => reject(event.target.error));
    suite.run({ async: true });
  });
  const [native, sketch, window, textbook] = suite.map(({ hz }) => 1e9 / (hz * count));
  return [
    {
      name: "one observation in all of a stream's statistics",
      value: `${show(native)} ns`,
      baseline: `textbook in JavaScript ${show(textbook)} ns`,
      ratio: textbook / native,
    },
    ...[
      ['a sketch', sketch],
      ['a sliding window', window],
    ].map(([what, with_]) => ({
      name: `one observation, with ${what}, too`,
      value: `${show(with_)} ns`,
      baseline: `without ${show(native)} ns`,
      ratio: native / with_,
    })),
  ];
}
