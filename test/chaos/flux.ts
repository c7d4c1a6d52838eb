/** A Flux instance for the harness. */

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Executor } from './cases.js';

const execute = promisify(execFile);

/** Whether there is a Flux. */
export async function hasFlux(): Promise<boolean> {
  return execute('flux', ['version']).then(
    () => true,
    () => false,
  );
}

/** Cores that the instance believes to have. */
const CORES = 8;

/** Runs `use` with an instance of one broker, which ends with it. */
export async function withFlux<Value>(use: (executor: Executor) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-chaos-flux-'));
  const config = join(folder, 'flux.toml');
  const resources = `[[resource.config]]\nhosts = "${hostname()}"\ncores = "0-${CORES - 1}"\n`;
  writeFileSync(config, `[resource]\nnoverify = true\n${resources}`);
  const { FLUX_URI: _, ...environment } = process.env;
  // Ends when its standard input does, so it does not outlive a harness that is killed.
  const broker = spawn(
    'flux',
    ['start', '--test-size=1', `--config-path=${config}`, 'sh', '-c', 'echo "$FLUX_URI"; exec cat'],
    { env: { ...environment, HOME: folder }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const closed = new Promise((resolve) => broker.on('close', resolve));
  try {
    const uri = await new Promise<string>((resolve, reject) => {
      broker.stdout.setEncoding('utf8').once('data', (chunk: string) => resolve(chunk.trim()));
      broker.on('error', reject);
      broker.on('close', (status) => reject(new Error(`flux start ended with ${status}`)));
    });
    const env = { ...environment, FLUX_URI: uri };
    const flux = (...args: readonly string[]) => execute('flux', [...args], { env });
    const reload = async () => {
      await flux('module', 'reload', 'job-manager');
      // These lost their connection to it.
      await flux('module', 'reload', '-f', 'sched-simple');
      await flux('module', 'reload', '-f', 'job-exec');
    };
    const options = ['--executor', 'flux'];
    return await use({ name: 'flux', options, env, reload, size: 4 });
  } finally {
    broker.stdin.end();
    await closed;
    rmSync(folder, { recursive: true, force: true });
  }
}
