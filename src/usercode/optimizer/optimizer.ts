/** An optimizer in a process of its own. */

import type { ToldRow } from '../../model/search.js';

/** One request at a time. A request that fails ends the optimizer. */
export interface Optimizer {
  /**
   * Tells rows that have ended, in the order of their ends, then asks for `count` rows (0: for none). Resolves with the
   * answer as it came: a list of rows, or null when the optimizer has no more. Throws InvalidAnswer, or Error with the
   * words of the optimizer's code.
   */
  exchange(told: readonly ToldRow[], count: number): Promise<unknown>;
  /** Ends the process. Resolves when it and its descendants have ended. Idempotent. */
  close(): Promise<void>;
}
