// The start of the commands and of the library, as whole processes in turn with `node -e 0`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, show, spread } from './measure.mjs';

const rounds = 9;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const main = here('../dist/cli/main.js');
const server = here('../dist/cli/server.js');
const example = here('../examples/hello-world.yaml');

/** One short job, so that the time of the run is that of its start and its end. */
const RUN = `
jobs: [{name: first, command: "true"}]
rules: [{trigger: start, action: {name: submit, label: first}}]
`;

/** Runs Node with these arguments. */
function node(args, cwd) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
}

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-startup-'));
  try {
    const file = join(folder, 'ensemble.yaml');
    writeFileSync(file, RUN);
    const library = join(folder, 'library.mjs');
    writeFileSync(library, `import ${JSON.stringify(here('../dist/index.js'))};`);
    const candidates = {
      'ensemble --version': [main, '--version'],
      'ensemble validate, of hello-world.yaml': [main, 'validate', example],
      'ensemble run, of one short job without its log': [
        main,
        'run',
        '--no-log',
        '--executor',
        'local',
        file,
      ],
      'ensemble-server --version': [server, '--version'],
      "import 'flux-ensemble'": [library],
    };
    const rows = [];
    for (const [name, args] of Object.entries(candidates)) {
      const bare = [];
      const ours = [];
      // The first pair is the warm-up.
      for (let round = 0; round <= rounds; round++) {
        for (const [seconds, what] of [
          [bare, ['-e', '0']],
          [ours, args],
        ]) {
          const begin = performance.now();
          node(what, folder);
          if (round > 0) seconds.push(performance.now() - begin);
        }
      }
      const pairs = ours.map((each, round) => each - bare[round]);
      rows.push({
        name,
        value: `${spread(ours, 'ms')}; ${show(median(pairs))} ms above`,
        baseline: `${spread(bare, 'ms')} node -e 0`,
        ratio: median(bare) / median(ours),
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
