/** `ensemble notify FILE`: sends a test message to each target of the file. */

import { hostname } from 'node:os';
import { basename } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { EnsembleError } from '../errors.js';
import { sendOnce } from '../notify/notifier.js';
import { escapeControls, quote } from '../text/describe.js';
import { didYouMean, thereAre } from '../text/suggest.js';
import { exitStatus } from './exit-status.js';
import { print } from './output.js';

async function notify(path: string, { target }: { readonly target?: string }): Promise<number> {
  const { config, warnings } = await loadConfig(path);
  if (warnings.length > 0) console.error(formatDiagnostics(warnings));
  const names = config.notify.map(({ name }) => name);
  if (names.length === 0) throw new EnsembleError('ERR_FILE', `${path} has no targets: add 'notify'`);
  if (target !== undefined && !names.includes(target)) {
    const hint = didYouMean(target, names) || thereAre(names);
    throw new EnsembleError('ERR_FILE', `${path} has no target ${quote(target)}${hint}`);
  }
  const wanted = config.notify.filter(({ name }) => target === undefined || name === target);
  const name = basename(path).replace(/\.ya?ml$/, '');
  const run = { id: `${name}-test`, name, file: config.file, host: hostname() };
  const message = {
    kind: 'test',
    title: `${name}: a test message`,
    text: `This message was requested by 'ensemble notify' on ${run.host}.`,
    details: {},
  } as const;
  const delivered = await Promise.all(
    wanted.map(async (to) => {
      const what = await sendOnce(to, run, message).then(
        (answer) => ({ ok: true, text: `delivered: ${answer}` }),
        (error: Error) => ({ ok: false, text: `not delivered: ${error.message}` }),
      );
      print(escapeControls(`${to.name} (${to.channel.kind}): ${what.text}`));
      return what.ok;
    }),
  );
  return delivered.every((ok) => ok) ? exitStatus.done : exitStatus.failure;
}

export function notifyCommand(): Command {
  return new Command('notify')
    .description('send a test message to the targets of an ensemble file')
    .argument('<file>', 'the ensemble, in YAML')
    .option('--target <name>', 'this target alone')
    .action(async (path: string, options: { readonly target?: string }) => {
      process.exitCode = await notify(path, options);
    });
}
