/** Whether SQL can be tested. */

import { createRequire } from 'node:module';

/** Why `ensemble sql` can't be tested; null where it can. */
export const withoutSql = (() => {
  try {
    createRequire(import.meta.url).resolve('@duckdb/node-api');
    return null;
  } catch {
    return 'the optional package @duckdb/node-api is not installed';
  }
})();
