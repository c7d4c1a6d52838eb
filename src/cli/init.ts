/** `ensemble init [FILE]`: writes a commented first file. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { EnsembleError } from '../errors.js';
import { defaultExecutor } from '../members/default-executor.js';
import { escapeControls } from '../text/describe.js';
import { shellWord } from '../text/shell.js';
import { firstFiles, type InitMember, initMembers } from './init/catalog.js';
import { firstFile } from './init/first-file.js';
import { print, printError, printText } from './output.js';

/** Writes to standard output. */
const STDOUT = '-';

interface InitOptions {
  readonly for?: InitMember;
  readonly force?: boolean;
}

/** Returns the member of `ensemble run` on this machine, and in words why it was chosen. */
function memberHere(): { readonly name: InitMember; readonly why: string } {
  const { name, reason } = defaultExecutor(process.env, false);
  const member = name === 'minicluster' ? 'local' : name;
  const because = reason === null ? '' : ` because ${reason}`;
  return { name: member, why: `, which \`ensemble run\` takes here${because} (see --for)` };
}

/** Returns the command that runs the file on its member from here. */
function commandFor(member: InitMember, path: string): string {
  const file = path === STDOUT ? 'FILE' : shellWord(path.startsWith('-') ? `./${path}` : path);
  if (memberHere().name === member) return `ensemble run ${file}`;
  // Outside of an instance, Flux has none that would run the jobs.
  if (member === 'flux') return `flux start ensemble run ${file}`;
  return `ensemble run --executor ${member} ${file}`;
}

function write(path: string, text: string, force: boolean): void {
  let file: number;
  try {
    file = openSync(path, force ? 'w' : 'wx', 0o666);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST'
        ? `${path} exists already; name another file, or replace it with --force`
        : `can't write ${path}: ${message}`;
    throw new EnsembleError('ERR_FILE', reason, { cause });
  }
  try {
    writeSync(file, text);
  } catch (cause) {
    throw new EnsembleError('ERR_FILE', `can't write ${path}: ${(cause as Error).message}`, { cause });
  } finally {
    closeSync(file);
  }
}

function init(path: string, options: InitOptions): void {
  const here = memberHere();
  const member = options.for ?? here.name;
  const folder = path === STDOUT ? process.cwd() : dirname(resolve(path));
  const text = firstFile(firstFiles[member], folder);
  // The file alone is on standard output, so that it can be redirected.
  const say = path === STDOUT ? printError : print;
  if (path === STDOUT) printText(text);
  else write(path, text, options.force === true);
  const why = options.for === undefined ? here.why : '';
  say(`${path === STDOUT ? 'a first file' : `wrote ${escapeControls(path)}`} for ${member}${why}`);
  say(`next: ${escapeControls(commandFor(member, path))}`);
}

export function initCommand(): Command {
  return new Command('init')
    .description('write a first file with comments, which runs as it is')
    .argument('[file]', 'the file; - for standard output', 'ensemble.yaml')
    .addOption(
      new Option(
        '--for <member>',
        'member that the file is for (default: the one that ensemble run takes here)',
      ).choices(initMembers),
    )
    .option('--force', 'replace a file that exists')
    .action(init);
}
