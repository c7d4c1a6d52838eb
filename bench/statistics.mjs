// One observation in all of a stream's statistics (mean, variance, min, max, IQR, MAD, three quantiles), by the
// `benchmark` package, against its own port of the textbook's P² in JavaScript.

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
      new Summary().observe(values);
    })
    .add('textbook', () => {
      const summary = new TextbookSummary();
      for (const value of values) summary.observe(value);
    });
  await new Promise((resolve, reject) => {
    suite.on('complete', resolve).on('error', (event) => reject(event.target.error));
    suite.run({ async: true });
  });
  const [native, textbook] = suite.map(({ hz }) => 1e9 / (hz * count));
  return [
    {
      name: "one observation in all of a stream's statistics",
      value: `${show(native)} ns`,
      baseline: `textbook in JavaScript ${show(textbook)} ns`,
      ratio: textbook / native,
    },
  ];
}
