/** A run with `--http`, as a user starts it. */

import { ensembleFile, type Running, start } from './cli.js';
import type { Target } from './http.js';

/** A study with good jobs, two bad ones, and jobs that no rule submits. `quick` has the fields of the good jobs. */
export const studyOf = (quick: string) => `
jobs:
  - {name: quick, ${quick}}
  - {name: bad, command: 'sh -c "echo boom >&2; exit 3"', count: 2}
  - {name: slow, command: sleep 100}
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: start, action: {name: submit, label: bad}}
  - {trigger: metric, name: count.quick.success, when: ">= 100", action: {name: submit, label: slow}}
`;

/** The line of `--json` that says how to reach the run. */
export interface HttpLine {
  readonly type: 'http';
  readonly address: string;
  readonly page: string;
  readonly url: string;
  readonly tunnel: string | null;
}

export interface ServedRun {
  readonly running: Running;
  readonly line: HttpLine;
  readonly target: Target;
}

/** Starts the run `study`, and resolves when it listens. `options` come after `--http`: its address, and others. */
export async function serveRun(
  study: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ServedRun> {
  const args = ['--name', 'study', '--json', '--watch', '--slots', '2', '--http', ...options];
  const running = start(['run', ensembleFile(study), ...args], { env });
  const printed = await running.printed('"type":"http"');
  const text = printed.split('\n').find((each) => each.includes('"type":"http"')) ?? '';
  const line = JSON.parse(text) as HttpLine;
  const target = line.address.startsWith('unix:')
    ? { socketPath: line.address.slice('unix:'.length) }
    : { port: Number(line.address.split(':').at(-1)) };
  return { running, line, target };
}
