/** Submissions that a native source makes by itself, without JavaScript. */

import { MAX_PLANNED, type MakePortion } from '../../engine/plan/compile.js';
import type { SubmitPortion } from '../../engine/plan/plan.js';
import type { ActionOf } from '../../model/action.js';
import type { EnsembleConfig, JobGroup } from '../../model/ensemble.js';
import { portionsOf } from './portions.js';

/** Whether the jobs of a submission are known before a rule fires. */
function isFixed({ value, parameters }: ActionOf<'submit'>, { entries }: JobGroup): boolean {
  return (
    parameters === null &&
    entries.length <= MAX_PLANNED &&
    entries.every(
      ({ draft, late, streamed, skipsDone }) =>
        !late && !streamed && !skipsDone && (value === null || !draft?.sweep),
    )
  );
}

/** The jobs of the action for a native source; null where JavaScript has to submit them. */
export function nativePortions(
  action: ActionOf<'submit'>,
  groups: EnsembleConfig['groups'],
  makePortion: MakePortion,
): SubmitPortion[] | null {
  const group = groups.get(action.label);
  if (group === undefined || !isFixed(action, group)) return null;
  return portionsOf(group, action.value).map(({ entry, count }) => makePortion(entry, count));
}
