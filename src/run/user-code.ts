/** Code of the user that a run may call: custom functions, plugins and programs. */

import type { ActionContext } from '../actions/context.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { PluginProcesses } from '../plugins/processes.js';
import { loadCustomFunctions } from '../usercode/load.js';
import { Programs } from '../usercode/programs.js';
import type { UserCodeListener } from '../usercode/user-process.js';

export interface UserCode extends Pick<ActionContext, 'customs' | 'plugins' | 'programs'> {
  /** Ends all processes. Resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Loads the functions of a file; plugins are started on their first call. Null when the signal is aborted meanwhile.
 * Throws ConfigError.
 */
export async function loadUserCode(
  config: EnsembleConfig,
  listener: UserCodeListener,
  signal: AbortSignal,
): Promise<UserCode | null> {
  try {
    const customs = await loadCustomFunctions(config, listener, signal);
    const plugins = new PluginProcesses(config.plugins, listener);
    const programs = new Programs();
    const close = async () => {
      await Promise.all([customs.close(), plugins.close(), programs.close()]);
    };
    return { customs, plugins, programs, close };
  } catch (cause) {
    if (signal.aborted) return null;
    throw cause;
  }
}
