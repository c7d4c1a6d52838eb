// `npm run bench [name...]`: runs the benches, prints one table and writes it as JSON to bench/results/.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

const all = ['ingest', 'rules', 'statistics', 'local'];
/** Only when named: they need more than this machine and minutes. */
const others = ['flux'];
const { positionals } = parseArgs({ allowPositionals: true });
const names = positionals.length > 0 ? positionals : all;

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

const machine = {
  date: new Date().toISOString(),
  commit: commit(),
  node: process.version,
  kernel: release(),
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
};

const rows = [];
console.log('| what | ours | baseline, side by side | times faster |\n| --- | --- | --- | --- |');
for (const name of names) {
  if (![...all, ...others].includes(name)) {
    throw new Error(`no bench '${name}'; there are: ${[...all, ...others].join(', ')}`);
  }
  const { run } = await import(`./${name}.mjs`);
  for (const row of await run()) {
    rows.push({ bench: name, ...row });
    // The rules bench asks the other way round: how many times dearer.
    const ratio = name === 'rules' ? 1 / row.ratio : row.ratio;
    console.log(`| ${row.name} | ${row.value} | ${row.baseline} | ${ratio.toFixed(2)} |`);
  }
}

const folder = new URL('./results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const file = new URL(`${machine.date.replaceAll(':', '-')}.json`, folder);
writeFileSync(file, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
console.log(
  `\n${machine.processor}, ${machine.cores} cores, Node ${machine.node}; written to ${file.pathname}`,
);
