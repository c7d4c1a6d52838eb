/** `ensemble report [RUN]`. */

import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { EnsembleError } from '../errors.js';
import { isRecording } from '../recording/is-recording.js';
import type { ReportContent } from '../report/html/content.js';
import { GENERATOR, reportPage } from '../report/html/page.js';
import { type RecordedEnsemble, reportOfRecording } from '../run/report/of-recording.js';
import { reportOfRun } from '../run/report/of-run.js';
import { findRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { formatBytes } from '../text/bytes.js';
import { complain, print, printText } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';

interface ReportOptions extends StateOption {
  readonly output?: string;
  readonly force?: boolean;
}

/** Bytes at the beginning of a report that identify it. */
const BEGINNING = 512;

async function report(
  wanted: string | undefined,
  config: string | undefined,
  options: ReportOptions,
): Promise<void> {
  const { id, read } = await sourceOf(wanted, config, options);
  const output = options.output ?? `report-${id}.html`;
  if (output !== '-') await checkReport(output, options.force === true);
  const content = await read();
  const page = reportPage(content);
  for (const warning of content.warnings) complain(warning, 'warning');
  if (output === '-') {
    printText(page);
    return;
  }
  await writeFile(output, page).catch((cause: Error) => {
    throw new EnsembleError('ERR_FILE', `can't write ${output}: ${cause.message}`, { cause });
  });
  print(`${output} (${formatBytes(Buffer.byteLength(page))})`);
}

/** A run or a recording, which is not read yet. `id` is a part of the name of its report. */
interface Source {
  readonly id: string;
  read(): Promise<ReportContent>;
}

async function sourceOf(
  wanted: string | undefined,
  config: string | undefined,
  { state }: ReportOptions,
): Promise<Source> {
  if (wanted !== undefined && (await isRecordingFile(wanted))) {
    const ensemble = config === undefined ? null : await ensembleOf(config);
    const [name] = basename(wanted).split('.');
    return { id: name || 'recording', read: () => reportOfRecording(wanted, ensemble) };
  }
  if (config !== undefined) {
    const message = `an ensemble is for a recording, and ${wanted} is not one; a run has an ensemble of its own`;
    throw new EnsembleError('ERR_FILE', message);
  }
  const run = findRun(stateFolder(state), wanted);
  return { id: run.manifest.id, read: () => reportOfRun(run) };
}

async function isRecordingFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() === true && isRecording(path);
}

async function ensembleOf(path: string): Promise<RecordedEnsemble> {
  return { name: path, text: await readFile(path, 'utf8'), loaded: await loadConfig(path) };
}

/** Rejects when the output is an existing file other than a report. */
async function checkReport(output: string, force: boolean): Promise<void> {
  const stats = await stat(output).catch(() => null);
  if (force || stats === null || !stats.isFile() || stats.size === 0) return;
  const file = await open(output).catch(() => null);
  const { buffer = Buffer.alloc(0) } = (await file?.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0)) ?? {};
  await file?.close();
  if (buffer.includes(GENERATOR)) return;
  throw new EnsembleError(
    'ERR_FILE',
    `can't write ${output}: it exists and is not a report, so it is not replaced; choose another name, or pass --force`,
  );
}

export function reportCommand(): Command {
  const command = new Command('report')
    .description('write a report of a run, or of a recording, as one HTML page')
    .argument(
      '[run]',
      'its id, name or folder, or a recording (default: the latest run that was started in this folder)',
    )
    .argument('[config]', 'for a recording: ensemble file whose rules are evaluated')
    .option('-o, --output <file>', 'output file; - for standard output (default: report-ID.html)')
    .option('--force', 'let --output replace a file that is not a report');
  return addStateOption(command).action(
    (run: string | undefined, config: string | undefined, options: ReportOptions) =>
      report(run, config, options),
  );
}
