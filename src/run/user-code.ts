/** Code of the user that a run may call: custom functions, plugins, programs and readers of values. */

import type { ActionContext } from '../actions/context.js';
import { loadReaders } from '../measure/load.js';
import { Measurer } from '../measure/measurer.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { PluginProcesses } from '../plugins/processes.js';
import { loadCustomFunctions } from '../usercode/load.js';
import { Optimizers } from '../usercode/optimizer/optimizers.js';
import { Programs } from '../usercode/programs.js';
import type { UserCodeListener } from '../usercode/user-process.js';

export interface UserCode extends Pick<ActionContext, 'customs' | 'plugins' | 'programs'> {
  readonly measurer: Measurer;
  readonly optimizers: Optimizers;
  /** Ends all processes. Resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Loads the functions of a file, and its readers unless jobs are `simulated`; plugins are started on their first call. Null when
 * the signal is aborted meanwhile. Throws ConfigError.
 */
export async function loadUserCode(
  config: EnsembleConfig,
  listener: UserCodeListener,
  signal: AbortSignal,
  simulated: boolean,
): Promise<UserCode | null> {
  const measurer = new Measurer(listener);
  try {
    if (!simulated) await loadReaders(config, measurer, signal);
    const customs = await loadCustomFunctions(config, listener, signal);
    const plugins = new PluginProcesses(config.plugins, listener);
    const programs = new Programs();
    const optimizers = new Optimizers(listener);
    const close = async () => {
      await Promise.all([
        customs.close(),
        plugins.close(),
        programs.close(),
        measurer.close(),
        optimizers.close(),
      ]);
    };
    return { customs, plugins, programs, measurer, optimizers, close };
  } catch (cause) {
    await measurer.close();
    if (signal.aborted) return null;
    throw cause;
  }
}
