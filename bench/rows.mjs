// Rows of a file that are made when they are submitted: rate, time to the first job, and memory by the number of rows.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { show } from './measure.mjs';

const child = fileURLToPath(new URL('./rows-child.mjs', import.meta.url));
const MB = 1e6;

function writeRows(path, count) {
  const file = openSync(path, 'w');
  let text = 'id,load,length,mesh\n';
  for (let i = 0; i < count; i++) {
    text += `${i},${(1000 + 100 * Math.sin(i)).toFixed(6)},${(2 + Math.cos(i)).toFixed(8)},${i % 3 ? 'fine' : 'coarse'}\n`;
    if (text.length < MB && i < count - 1) continue;
    writeSync(file, text);
    text = '';
  }
  closeSync(file);
}

/** Runs an ensemble with this number of rows. */
function measure(folder, count) {
  const path = join(folder, `${count}.csv`);
  writeRows(path, count);
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', child, path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const result = JSON.parse(stdout);
  if (result.jobs !== count) throw new Error(`${result.jobs} of ${count} jobs were submitted`);
  return result;
}

export async function run(counts = [100_000, 1_000_000]) {
  const folder = mkdtempSync(join(tmpdir(), 'rows-'));
  try {
    const results = counts.map((count) => [count, measure(folder, count)]);
    const [, few] = results[0];
    return results.map(([count, { seconds, first, rss }]) => ({
      name: `${count.toLocaleString('en')} rows of CSV, 1,000 active jobs`,
      value: `${show(count / seconds)} rows/s, first job after ${show(first)} s, ${show(rss / MB)} MB`,
      baseline: `${show(few.rss / MB)} MB for ${counts[0].toLocaleString('en')} rows`,
      ratio: few.rss / rss,
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await run(process.argv.slice(2).map(Number)));
}
