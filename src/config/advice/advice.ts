/** Warnings about valid configurations that probably do not do what was intended. */

import type { EnsembleConfig } from '../../model/ensemble.js';
import type { ResolveContext } from '../resolve/context.js';
import type { PlacedEntries } from '../resolve/jobs.js';
import { adviseOnCommands } from './commands.js';
import { adviseOnOutputs } from './outputs.js';
import { adviseOnRules } from './rules.js';

/** Adds warnings to the problems of a configuration. `recorded`: its jobs come from a recording. */
export function giveAdvice(
  context: ResolveContext,
  config: EnsembleConfig,
  entries: PlacedEntries,
  recorded: boolean,
): void {
  adviseOnCommands(context);
  adviseOnOutputs(context, entries, config.rules);
  adviseOnRules(context, config, recorded);
}
