/** The searches of a run: their best rows. */

import { formatJobId } from '../model/job-id.js';
import type { SearchReport } from '../model/search.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { show } from '../text/show.js';

/** A line for each search: `best of train: loss 0.01 with x=1, y=2 (row 7 of 40, job ƒ2Bk7)`. */
export function searchLines(searches: readonly SearchReport[]): string[] {
  return searches.map(({ group, objective, asked, ended, repeated, best }) => {
    const again = repeated === 0 ? '' : `; ${counted(repeated, 'row')} repeated earlier ones`;
    if (best === null) {
      return escapeControls(`best of ${group}: no row of ${ended} has succeeded${again}`);
    }
    const values = Object.entries(best.parameters).map(([name, value]) => `${name}=${value}`);
    const job = best.job === null ? '' : `, job ${formatJobId(best.job)}`;
    const place = `row ${best.row} of ${asked}${job}`;
    return escapeControls(
      `best of ${group}: ${objective} ${show(best.objective)} with ${values.join(', ')} (${place})${again}`,
    );
  });
}

/** The searches for JSON. */
export function searchRecords(searches: readonly SearchReport[]): object[] {
  return searches.map(({ best, ...search }) => ({
    ...search,
    best: best === null ? null : { ...best, job: best.job === null ? null : formatJobId(best.job) },
  }));
}
