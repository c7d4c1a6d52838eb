/** `ensemble tell NAME=VALUE...`: run by a job, tells its ensemble values. */

import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { Command } from 'commander';
import { EnsembleError } from '../errors.js';
import { MAX_TELL, readTell, TELL_VARIABLE, type ToldValue } from '../model/tells.js';
import { quote } from '../text/describe.js';

/** The values by name. Throws EnsembleError for an argument of another form. */
function readValues(args: readonly string[]): Record<string, ToldValue> {
  const values = new Map<string, ToldValue>();
  for (const arg of args) {
    const told = readTell(arg);
    if (told === null) {
      throw new EnsembleError('ERR_FILE', `${quote(arg)} is not NAME=VALUE, like energy=-3.2`);
    }
    if (typeof told[1] === 'number' && !Number.isFinite(told[1])) {
      throw new EnsembleError('ERR_FILE', `${quote(arg)}: the number is too large`);
    }
    values.set(...told);
  }
  return Object.fromEntries(values);
}

function tellFile(path: string, values: Readonly<Record<string, ToldValue>>): void {
  const line = JSON.stringify(values);
  if (Buffer.byteLength(line) > MAX_TELL) {
    throw new EnsembleError('ERR_FILE', `the values take more than ${MAX_TELL} bytes`);
  }
  try {
    // One write, so that lines of several processes do not mix.
    appendFileSync(path, `${line}\n`);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new EnsembleError('ERR_FILE', `$${TELL_VARIABLE} can't be written: ${reason}`, { cause });
  }
}

function tellFlux(job: string, values: Readonly<Record<string, ToldValue>>): void {
  const memos = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const { error, status, stderr } = spawnSync('flux', ['job', 'memo', job, ...memos], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error === undefined && status === 0) return;
  const reason = error?.message ?? stderr.trim();
  throw new EnsembleError('ERR_MEMBER', `'flux job memo' failed: ${reason}`, { cause: error });
}

export function tellCommand(): Command {
  return new Command('tell')
    .description('in a job: tell its ensemble numbers or texts while the job runs')
    .argument('<name=value...>', 'values, under names that `tell:` of the job group lists')
    .action((args: readonly string[]) => {
      const values = readValues(args);
      const { [TELL_VARIABLE]: path, FLUX_JOB_ID: job } = process.env;
      if (path) tellFile(path, values);
      else if (job) tellFlux(job, values);
      else {
        throw new EnsembleError(
          'ERR_FILE',
          `this is not a job that may tell values: neither ${TELL_VARIABLE} nor FLUX_JOB_ID is set. ` +
            'Run it in a job whose group has `tell:`',
        );
      }
    });
}
