/** `ensemble measure FILE --on OUTPUT`: shows what `measure:` finds in the files of a job. */

import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { EnsembleError } from '../errors.js';
import { namesIn } from '../language/template.js';
import { loadReaders } from '../measure/load.js';
import { Measurer } from '../measure/measurer.js';
import type { MeasuredJob } from '../measure/messages.js';
import { filesOf } from '../members/jobspec.js';
import type { JobGroup } from '../model/ensemble.js';
import type { Finding, Measurement } from '../model/measure.js';
import { plainRow } from '../model/written.js';
import { escapeControls, escapeLines, quote } from '../text/describe.js';
import { didYouMean } from '../text/suggest.js';
import { tableLines } from '../text/table.js';
import { shortened, widthOf } from '../text/width.js';
import { exitStatus } from './exit-status.js';
import { complain, print, printError, printLines } from './output.js';
import { layoutFor } from './tables.js';

interface MeasureCommandOptions {
  readonly on: string;
  readonly workdir?: string;
  readonly group?: string;
  readonly json?: boolean;
}

/** Stands for a value that only a job has: any text matches it in the name of a file. */
const ANY = '\0';
/** Columns of a line of a file: fewer on a narrow terminal. */
const MAX_TEXT = 60;
const MIN_TEXT = 20;
/** Columns between the columns of the table, and those that titles may take in addition. */
const GAPS = 12;

/** A finding of a group. */
interface Row {
  readonly group: string;
  readonly finding: Finding;
}

/** A job of the group that has written the files. Throws EnsembleError `ERR_FILE`. */
function jobOn({ name, entries, probes }: JobGroup, { on, workdir }: MeasureCommandOptions): MeasuredJob {
  if (!existsSync(on))
    throw new EnsembleError('ERR_FILE', `${on} does not exist; name the output of a job, or its folder`);
  const isFolder = statSync(on).isDirectory();
  const [entry] = entries;
  const files = entry === undefined ? null : filesOf(entry);
  const sources = probes.flatMap((probe) => (probe.kind === 'measure' ? probe.entries : []));
  const templates = sources.flatMap(({ source }) =>
    source.kind !== 'python' && source.file.kind === 'path' ? [source.file.path] : [],
  );
  const own = [entry?.draft?.output ?? files?.output ?? null, entry?.draft?.error ?? files?.error ?? null];
  const tags = [...templates, ...own].flatMap((text) => {
    const names = text === null ? null : namesIn(text);
    return names?.ok ? names.value : [];
  });
  const inFolder = (text: string | null | undefined) =>
    text === null || text === undefined ? null : text.replaceAll(/\{\{[^}]*\}\}/g, ANY);
  return {
    facts: {
      id: 1n,
      group: name,
      parameters: entry === undefined ? {} : plainRow(entry.parameters),
      values: Object.fromEntries(tags.map((tag) => [tag, ANY])),
      workdir: resolve(workdir ?? (isFolder ? on : dirname(on))),
      output: isFolder ? inFolder(own[0]) : resolve(on),
      error: isFolder ? inFolder(own[1] ?? own[0]) : resolve(on),
      name: files?.name ?? '',
      nodes: 1,
      tasks: 1,
      ascii: false,
      node: null,
    },
    kept: null,
    log: null,
  };
}

function measurementsOf({ probes }: JobGroup): Measurement[] {
  return probes.filter((probe): probe is Measurement => probe.kind === 'measure');
}

/** The groups with `measure:`, or the one with the name. Throws EnsembleError `ERR_FILE`. */
function groupsOf(
  path: string,
  groups: ReadonlyMap<string, JobGroup>,
  wanted: string | undefined,
): JobGroup[] {
  const measured = [...groups.values()].filter((group) => measurementsOf(group).length > 0);
  if (measured.length === 0) throw new EnsembleError('ERR_FILE', `no group of ${path} has \`measure:\``);
  if (wanted === undefined) return measured;
  const found = measured.find(({ name }) => name === wanted);
  if (found !== undefined) return [found];
  const names = measured.map(({ name }) => name);
  const hint = didYouMean(wanted, names) || `; ${names.map(quote).join(', ')} have it`;
  throw new EnsembleError('ERR_FILE', `no group ${quote(wanted)} of ${path} has \`measure:\`${hint}`);
}

async function measure(path: string, options: MeasureCommandOptions): Promise<number> {
  const { config, warnings } = await loadConfig(path);
  if (warnings.length > 0) printError(formatDiagnostics(warnings));
  const groups = groupsOf(path, config.groups, options.group);
  const measurer = new Measurer({
    output: (line) => printError(escapeLines(line)),
    problem: (error) => complain(error.message, 'warning'),
  });
  const { signal } = new AbortController();
  const rows: Row[] = [];
  try {
    await loadReaders(config, measurer);
    for (const group of groups) {
      const job = jobOn(group, options);
      for (const measurement of measurementsOf(group)) {
        const { values } = await measurer.measure(measurement, async () => job, { wait: 0, signal });
        rows.push(...values.map((finding) => ({ group: group.name, finding })));
      }
    }
  } finally {
    await measurer.close();
  }
  await (options.json ? printLines(rows.map(jsonOf)) : printTable(rows));
  return rows.some(({ finding }) => finding.value === null) ? exitStatus.failure : exitStatus.done;
}

function jsonOf({ group, finding }: Row): string {
  return JSON.stringify({ group, ...finding });
}

async function printTable(rows: readonly Row[]): Promise<void> {
  const whole = rows.map(({ group, finding }): [string, string, string, string] => {
    const name = escapeControls(`${group}-${finding.name}`);
    if (finding.value === null) return [name, '-', '-', 'not found'];
    const { value, line, text, file } = finding;
    const where = escapeControls(text ?? file ?? '').trim();
    return [name, String(value), line === null ? '-' : String(line), where];
  });
  const layout = layoutFor(process.stdout, 'drop');
  const taken = Math.max(...whole.map(([name, value, line]) => widthOf(name) + value.length + line.length));
  const room = Math.min(MAX_TEXT, Math.max(MIN_TEXT, layout.width - taken - GAPS));
  const cells = whole.map(([name, value, line, where]) => [name, value, line, shortened(where, room)]);
  const columns = [
    { title: 'measured', align: 'left' },
    { title: 'value', align: 'right' },
    { title: 'line', align: 'right' },
    { title: 'in', align: 'left', spare: 1 },
  ] as const;
  await printLines(tableLines({ columns, rows: cells }, layout));
  const missing = rows.flatMap(({ group, finding }) =>
    finding.value === null ? [`${group}-${finding.name}: ${finding.reason}`] : [],
  );
  if (missing.length > 0) print('');
  for (const reason of missing) print(escapeLines(reason));
}

export function measureCommand(): Command {
  return new Command('measure')
    .description('show what `measure:` of a file finds in the output and the files of a job')
    .argument('<file>', 'the ensemble, in YAML')
    .requiredOption('--on <path>', 'the output of a job, or the folder with its files')
    .option('--workdir <folder>', 'the folder of its other files; that of --on by default')
    .option('--group <name>', 'only this group')
    .option('--json', 'print a JSON object for each value, one a line')
    .action(async (path: string, options: MeasureCommandOptions) => {
      process.exitCode = await measure(path, options);
    });
}
