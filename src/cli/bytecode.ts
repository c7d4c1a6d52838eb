/**
 * Keeps the bytecode of the commands beside their files: runs commands, whose functions are compiled by it, each in a
 * process of its own. The build and `npm install` run this file, because another version of V8 ignores the bytecode.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addonPath } from '../engine/native-files.js';
import { packageFile } from '../text/package-file.js';
import { cacheOf, runScript, scripts } from './cached-script.js';

const EXAMPLE = `
jobs:
  - name: first
    command: "true"
  - name: second
    command: "true"
rules:
  - trigger: start
    action: {name: submit, label: first}
  - trigger: metric
    when: count.first.success >= 1
    action: {name: submit, label: second}
`;

/** Runs a command in this process, and keeps its bytecode when it ends. */
function keep(command: readonly string[]): void {
  process.argv.splice(2, process.argv.length, ...command);
  process.on('exit', () => {
    for (const [path, script] of scripts) {
      // Another process may read the file at the same time.
      const beside = `${cacheOf(path)}.${process.pid}`;
      writeFileSync(beside, script.createCachedData());
      renameSync(beside, cacheOf(path));
    }
  });
  runScript(new URL('../bundle/commands/cli/main.cjs', import.meta.url));
}

/** Runs the commands, each of which adds to the bytecode of those before. */
function keepAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-bytecode-'));
  try {
    const example = join(folder, 'ensemble.yaml');
    writeFileSync(example, EXAMPLE);
    // A run needs the addon. A build without one keeps less.
    const hasAddon = existsSync(addonPath());
    const run = ['run', example, '--executor', 'local', ...(hasAddon ? [] : ['--dry-run'])];
    // Flags of V8 are part of the bytecode, so those of this process are not passed on.
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    for (const command of [['--version'], ['validate', example], run, ['completion', 'names', 'runs']]) {
      const { status } = spawnSync(process.execPath, [packageFile('dist/cli/bytecode.js'), ...command], {
        env: { ...inherited, XDG_STATE_HOME: folder },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      // The commands work without it, so an installation goes on.
      if (status !== 0) console.error(`ensemble ${command[0]} failed here, so its start may be slower`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const command = process.argv.slice(2);
if (command.length > 0) keep(command);
else keepAll();
