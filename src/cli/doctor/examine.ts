/** Runs checks of `ensemble doctor` at once. */

import { EnsembleError } from '../../errors.js';
import { remedyFor } from '../../text/system-error.js';
import { broken, type Check, type CheckOptions, type Finding } from './finding.js';

const LATE = 'wait longer with --wait, and look for a busy machine or a file system that hangs';

const UNEXPECTED = 'the check itself failed: report it, unless the message explains it';

export interface Examined extends Finding {
  readonly name: string;
}

async function examineOne(check: Check, options: CheckOptions): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    const text = `the check did not end within ${options.wait} s`;
    timer = setTimeout(resolve, 1000 * options.wait, broken(text, LATE));
  });
  try {
    return await Promise.race([(async () => check.run(options))(), late]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // The messages of this package say what to do.
    const remedy = error instanceof EnsembleError ? null : UNEXPECTED;
    return broken(text, remedyFor(error) ?? remedy);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs all checks and resolves with what they found, in their order. Never rejects. */
export function examine(checks: readonly Check[], options: CheckOptions): Promise<Examined[]> {
  return Promise.all(
    checks.map(async (check) => {
      const finding = await examineOne(check, options);
      const blocks = finding.blocks || (check.needed === true && finding.state !== 'ok');
      return { name: check.name, ...finding, blocks };
    }),
  );
}
