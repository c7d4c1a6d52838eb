/** Steps that many routes share. */

import type { z } from 'zod';
import { didYouMean } from '../../text/suggest.js';
import { ApiProblem } from '../problem.js';
import { pageOf, type pageQuery } from '../schemas/common.js';
import type { Source, SourcedEnsemble } from '../sources/source.js';

/** The ensemble of a path, with its present state. */
export async function presentEnsemble(
  source: Source,
  { ensemble }: { readonly ensemble: string },
): Promise<SourcedEnsemble> {
  const found = source.find(ensemble);
  await found.refresh();
  return found;
}

/** A page of a list that only grows at its end. Throws ApiProblem for an invalid cursor. */
export function checkedPage<Item>(items: readonly Item[], query: z.infer<typeof pageQuery>) {
  const found = pageOf(items, query);
  if (found !== null) return found;
  throw new ApiProblem('ERR_REQUEST', 'the cursor is not `next` of a page');
}

export function notFound(what: string, name: string, known: Iterable<string>): ApiProblem {
  return new ApiProblem('ERR_NOT_FOUND', `no ${what} '${name.slice(0, 100)}'${didYouMean(name, known)}`);
}
