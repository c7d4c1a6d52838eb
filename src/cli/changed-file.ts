/** A file of an ensemble that has changed since its run began. */

import { existsSync } from 'node:fs';
import { type ConfigChange, type ConfigVersion, changesOf, readVersion } from '../config/changes.js';
import { readText } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { ConfigError, EnsembleError } from '../errors.js';
import { configurationFile } from '../store/run-folder.js';
import type { StoredRun } from '../store/runs.js';
import { escapeControls } from '../text/describe.js';
import { shortened } from '../text/width.js';
import { printError } from './output.js';
import { colorsFor } from './tables.js';

export interface ChangeOptions {
  /** Go on with the file as it is now. */
  readonly changed?: boolean;
  /** Go on with the file as it was. */
  readonly asItWas?: boolean;
}

/** The ensemble with which a run goes on. */
export interface ChosenFile {
  readonly version: ConfigVersion;
  /** The new text of the file; null where that of the run stays. */
  readonly text: string | null;
}

/** Changed values that are shown of one part, and the columns of each. */
const MAX_DETAILS = 8;
const MAX_DETAIL = 72;

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

/**
 * Returns the ensemble with which a run goes on. Shows the changes of a file that has changed, unless the options say
 * what to do. `arguments_` are those that name the run. Throws EnsembleError `ERR_RUN` then, ConfigError, and
 * EnsembleError `ERR_FILE`.
 */
export async function chooseFile(
  { path, manifest }: StoredRun,
  { changed, asItWas }: ChangeOptions,
  arguments_: string,
): Promise<ChosenFile> {
  const file = manifest.file === '' ? null : manifest.file;
  const stored = await readText(configurationFile(path));
  const version = readVersion(stored, file);
  if (asItWas || file === null || (!existsSync(file) && !changed)) return { version, text: null };
  const text = await readText(file);
  if (text === stored) return { version, text: null };
  const now = read(text, file, arguments_);
  const changes = changesOf(version, now);
  if (changes.length === 0) return { version, text: null };
  const refusals = [...new Set(changes.flatMap(({ refusal }) => (refusal === null ? [] : [refusal])))];
  if (changed && refusals.length === 0) return { version: now, text };
  showChanges(file, changes);
  const asBefore = `\`ensemble resume ${arguments_} --as-it-was\` goes on with the file as it was`;
  const refused =
    refusals.length > 0
      ? `run ${manifest.id} can't go on with these changes: ${refusals.join('; ')}`
      : `\`ensemble resume ${arguments_} --changed\` goes on with them`;
  throw new EnsembleError('ERR_RUN', `${refused}; ${asBefore}`);
}

/** Reads the file as it is now. Throws EnsembleError after the errors were shown. */
function read(text: string, file: string, arguments_: string): ConfigVersion {
  try {
    return readVersion(text, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(formatDiagnostics(error.diagnostics));
    const asBefore = `\`ensemble resume ${arguments_} --as-it-was\` goes on with the file as it was`;
    throw new EnsembleError('ERR_RUN', `${file} has changed and is invalid; ${asBefore}`);
  }
}

function showChanges(file: string, changes: readonly ConfigChange[]): void {
  const colors = colorsFor(process.stderr);
  const paint = { added: colors.green, removed: colors.red, changed: colors.yellow };
  printError(`${escapeControls(file)} has changed since the run began:`);
  for (const { how, what, details } of changes) {
    printError(paint[how](`  ${MARKS[how]} ${escapeControls(what)}`));
    for (const detail of details.slice(0, MAX_DETAILS)) {
      printError(`      ${shortened(escapeControls(detail), MAX_DETAIL)}`);
    }
    const left = details.length - MAX_DETAILS;
    if (left > 0) printError(`      and ${left} more`);
  }
}
