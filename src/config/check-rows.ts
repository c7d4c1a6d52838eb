/** Checks all rows of an ensemble that are made when they are submitted, which a run does not do in advance. */

import type { Diagnostic } from '../errors.js';
import { FillError, fillDraft } from '../language/fill.js';
import type { EnsembleConfig, JobDraft, JobEntry, Sweep } from '../model/ensemble.js';
import type { Row } from '../model/written.js';
import { rowsOfFile } from '../rows/file.js';
import { RowError } from '../rows/row-error.js';
import { firstTable } from '../rows/tables.js';
import { quote } from '../text/describe.js';

/** Mistakes that are listed. */
const MAX_LISTED = 10;

export interface CheckedRows {
  /** The rows that are made when they are submitted. */
  readonly rows: number;
  /** The first mistakes, and the number of all. */
  readonly faults: readonly Diagnostic[];
  readonly count: number;
}

/** Makes all rows of a configuration. */
export function checkRows({ groups, file }: Pick<EnsembleConfig, 'groups' | 'file'>): CheckedRows {
  const faults: Diagnostic[] = [];
  let count = 0;
  let rows = 0;
  const add = (fault: Pick<Diagnostic, 'path' | 'message' | 'file' | 'line' | 'column'>) => {
    count++;
    if (faults.length < MAX_LISTED) faults.push({ severity: 'error', ...fault });
  };
  const addOfFile = ({ place: { path, line, column, name }, reason }: RowError) =>
    add({
      path: name ?? '',
      message: reason,
      file: path,
      line,
      column: line === null ? null : (column ?? 1),
    });
  const check = (draft: JobDraft, sweep: Sweep) => {
    const isFilled = mayNotFit(draft);
    for (const row of sweep.kind === 'file' ? rowsOfFile(sweep.file, addOfFile) : firstTable(sweep)) {
      rows++;
      const message = isFilled ? faultIn(draft, row) : null;
      if (message !== null)
        add({ path: `the group ${quote(draft.group)}`, message, file, line: null, column: null });
    }
  };
  for (const { draft } of streamedIn(groups)) {
    if (draft?.sweep == null) continue;
    try {
      check(draft, draft.sweep);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      addOfFile(error);
    }
  }
  return { rows, faults, count };
}

function* streamedIn(groups: EnsembleConfig['groups']): Generator<JobEntry, void, void> {
  for (const { entries } of groups.values()) {
    for (const entry of entries) if (entry.streamed) yield entry;
  }
}

/** Whether values of parameters may not fit: those of numbers, and an empty name of a program. */
function mayNotFit({ nodes, tasks, cores, gpus, duration, command, names, sweep }: JobDraft): boolean {
  if ([...names].some((name) => name !== 'group' && !sweep?.names.includes(name))) return false;
  const isOpen = [nodes, tasks, cores, gpus, duration].some((value) => typeof value === 'string');
  return isOpen || command[0]?.startsWith('{{') === true;
}

function faultIn(draft: JobDraft, parameters: Row): string | null {
  try {
    const lookup = (name: string) => (name === 'group' ? draft.group : (parameters[name] ?? ''));
    fillDraft(draft, { entry: 0, parameters, values: null }, lookup);
    return null;
  } catch (error) {
    if (!(error instanceof FillError)) throw error;
    const row = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return `${error.path.join('.')} ${error.message} (${row.join(', ')})`;
  }
}
