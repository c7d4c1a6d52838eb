/** The text of a first file: what is common to all members. */

import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../../text/package-file.js';

/** The parts of a first file that differ between the members. */
export interface FirstFile {
  /** Comment lines after the title: how jobs run there. */
  readonly about: readonly string[];
  /** Lines of YAML before `jobs`, with comments; empty for none. */
  readonly head: readonly string[];
  /** Lines for each job of the sweep, without their indentation. */
  readonly job: readonly string[];
}

/**
 * Returns where an editor finds the schema of a file in `folder`: a relative path where the package is below the folder, so
 * that colleagues can share the file, otherwise an absolute one. Editors read the address up to a space.
 */
export function schemaAddress(folder: string): string {
  const path = packageFile('dist/ensemble.schema.json');
  const below = relative(folder, path);
  const address = below.startsWith('..') ? path : `./${below}`;
  return /^[\w./@+-]+$/.test(address) ? address : pathToFileURL(path).href;
}

/** Returns the text of a first file for a member, for a file in `folder`. */
export function firstFile({ about, head, job }: FirstFile, folder: string): string {
  return `# yaml-language-server: $schema=${schemaAddress(folder)}
# An ensemble: groups of jobs, and rules that submit them.
${lines(about.map((line) => `# ${line}`))}
${lines(head)}jobs:
  - name: simulate
    # One job for each row. A command has no shell of its own, so this one names sh.
    command: sh -c 'sleep {{seconds}}; echo energy = {{seconds}}'
    parameters:
      seconds: [0.1, 0.2, 0.3, 0.4]
${lines(job.map((line) => `    ${line}`))}    retry: 1                  # a job that fails runs again, once
    measure:                  # numbers from its output; in rules: mean.simulate-energy
      energy: {pattern: 'energy = (\\S+)'}
  - name: summarize
    command: echo four simulations have succeeded
    output: summary.txt       # without it, see: ensemble logs

rules:
  - trigger: start
    action: {name: submit, label: simulate}
  - trigger: metric
    when: count.simulate.success >= 4
    action: {name: submit, label: summarize}
  - trigger: metric           # too many failures end the run
    when: count.simulate.failed > 2
    action: {name: terminate}
`;
}

const lines = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');
