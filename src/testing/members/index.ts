/** The suite that every member passes: a list of checks for any test runner. */

import { EnsembleError } from '../../errors.js';
import { quote } from '../../text/describe.js';
import { type MemberCheck, type MemberCheckOptions, type NamedCheck, Skipped } from './check.js';
import { controlChecks } from './control.js';
import { endChecks } from './ends.js';
import { loadChecks } from './load.js';
import { stopChecks } from './stopping.js';
import { submissionChecks } from './submission.js';

const CHECKS: readonly NamedCheck[] = [
  ...submissionChecks,
  ...endChecks,
  ...controlChecks,
  ...loadChecks,
  ...stopChecks,
];

/**
 * Returns the checks of a member. Each is independent of the others, and takes a member of its own:
 *
 * ```js
 * for (const check of memberChecks({ make: () => new MyMember(), slots: 2 })) test(check.name, check.run);
 * ```
 *
 * Throws EnsembleError `ERR_TEST` for an unknown check in `skip`.
 */
export function memberChecks(options: MemberCheckOptions): MemberCheck[] {
  const { skip = {} } = options;
  const unknown = Object.keys(skip).find((key) => !CHECKS.some(({ name }) => name === key));
  if (unknown !== undefined) {
    const names = CHECKS.map(({ name }) => quote(name)).join(', ');
    throw new EnsembleError(
      'ERR_TEST',
      `unknown check ${quote(unknown)} in \`skip\`; the checks are ${names}`,
    );
  }
  return CHECKS.map(({ name, exclusive = false, check }) => ({
    ...{ name, exclusive },
    async run(context) {
      const reason = skip[name] ?? (await reasonToSkip(() => check(options)));
      if (reason !== null) context?.skip(reason);
      return reason;
    },
  }));
}

/** Returns the reason why a check was skipped; null where it has passed. */
async function reasonToSkip(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof Skipped) return error.message;
    throw error;
  }
}
