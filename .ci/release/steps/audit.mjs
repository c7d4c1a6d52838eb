/** Known vulnerabilities, by the registry's list. */

import { Failure } from '../failure.mjs';
import { run } from '../process.mjs';

/** The trees that are audited, with the arguments that select them. */
const TREES = [
  ['the dependencies of the package', ['--omit', 'dev']],
  ['the whole tree', []],
];

/** The output as JSON; an empty object for another form. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export const audit = {
  title: 'known vulnerabilities',
  skipped: ({ audit }) => (audit ? null : 'the audit for known vulnerabilities (--no-audit)'),

  async run({ root }) {
    for (const [tree, args] of TREES) {
      const { stdout, stderr } = await run('npm', ['audit', '--json', ...args], { cwd: root, capture: true });
      const report = parsed(stdout);
      const total = report.metadata?.vulnerabilities?.total;
      if (typeof total !== 'number') {
        const reason = report.error?.summary || report.message || stderr.trim().split('\n', 1)[0];
        throw new Failure(
          `npm audit got no answer from the registry (${reason.trim()}); try again later, or leave the audit out by --no-audit`,
        );
      }
      if (total > 0) {
        const names = Object.values(report.vulnerabilities).map(
          ({ name, severity }) => `${name} (${severity})`,
        );
        throw new Failure(
          `npm audit found ${total} vulnerabilities in ${tree}: ${names.join(', ')}; expected none: update the packages`,
        );
      }
      console.log(`${tree}: found 0 vulnerabilities`);
    }
  },
};
