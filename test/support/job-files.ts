/** A plugin that prints the files of a job as plugins see them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CliOptions,
  ensembleFile,
  type Finished,
  jsonLines,
  newFolder,
  type SummaryLine,
} from './cli.js';

export const PLUGIN = `
import { readFileSync } from 'node:fs';
const anything = { '~standard': { validate: (value) => ({ value }) } };
const read = (path) => readFileSync(path, 'utf8').trim();
const tell = ({ options, job }) => {
  const { output, error, workdir, parameters } = job;
  const path = options.path === undefined ? null : job.path(options.path);
  const text = options.read === undefined ? null : read(options.read === 'path' ? path : job[options.read]);
  console.log(JSON.stringify({ output, error, path, workdir, parameters, text }));
  return null;
};
export const plugin = {
  name: 'files',
  actions: { tell: { options: anything, run: tell } },
  probes: {
    number: { options: anything, values: ['number'], read: ({ job }) => Number(read(job.output)) },
  },
};
`;

/** The plugin's output for a job. */
export interface Told {
  readonly output: string | null;
  readonly error: string | null;
  readonly path: string | null;
  readonly workdir: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The content of the requested file. */
  readonly text: string | null;
}

export interface Study {
  readonly folder: string;
  readonly file: string;
}

/**
 * A study with these `jobs:`, which are submitted at the start. When one has finished, `files.tell` is called with these
 * options; `more` is other rules.
 */
export function study(jobs: string, options = '{read: output}', more = ''): Study {
  const folder = newFolder();
  writeFileSync(join(folder, 'files.mjs'), PLUGIN);
  const groups = [...new Set([...jobs.matchAll(/- \{?name: (\w+)/g)].map(([, name]) => name))];
  const file = ensembleFile(
    `plugins: [./files.mjs]
jobs:
${jobs}
rules:
${groups.map((name) => `  - {trigger: start, action: {name: submit, label: ${name}}}`).join('\n')}
  - {trigger: job-finish, action: {name: files.tell, with: ${options}, repetitions: 100}}
${more}
`,
    folder,
  );
  return { folder, file };
}

/** Returns the output of `run --json`: the plugin's output in the order of file names, and the problems. */
export function toldIn(finished: Finished): {
  told: Told[];
  problems: string[];
  groups: SummaryLine['groups'];
} {
  const { lines, summary } = jsonLines(finished);
  const told = lines
    .filter(({ type }) => type === 'output')
    .map(({ line }) => JSON.parse(String(line)) as Told)
    .sort((a, b) => String(a.output).localeCompare(String(b.output)));
  const problems = lines.filter(({ type }) => type === 'problem').map(({ message }) => String(message));
  return { told, problems, groups: summary.groups };
}

/** In the study's folder, in this locale: all that decides on names is set, or not there. */
export function inLocale({ folder }: Study, environment: NodeJS.ProcessEnv): CliOptions {
  const none = { LC_ALL: undefined, LC_CTYPE: undefined, LANG: undefined, FLUX_F58_FORCE_ASCII: undefined };
  return { cwd: folder, env: { ...none, ...environment } };
}
