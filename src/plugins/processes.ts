/** The processes that run the actions and probes of plugins. */

import type { ConfigPlugin } from '../model/ensemble.js';
import { JavaScriptFunctions } from '../usercode/javascript/javascript-functions.js';
import type { UserCodeListener } from '../usercode/user-process.js';

/** The function by which a process loads a plugin. Two levels up from src/plugins and from dist/plugins alike. */
const loader = { url: new URL('../../dist/plugins/actions.js', import.meta.url).href, name: 'loadActions' };

/** The processes of the plugins of a run; each begins with the first call. */
export class PluginProcesses {
  readonly #actions: ReadonlyMap<string, JavaScriptFunctions>;
  readonly #probes: ReadonlyMap<string, JavaScriptFunctions>;

  constructor(plugins: readonly ConfigPlugin[], listener: UserCodeListener) {
    const processes = () =>
      plugins.map(
        ({ name, url }) => [name, new JavaScriptFunctions({ url, names: loader }, listener)] as const,
      );
    this.#actions = new Map(processes());
    this.#probes = new Map(processes());
  }

  /** For the actions of a plugin; null where there is no such plugin. */
  actions(plugin: string): JavaScriptFunctions | null {
    return this.#actions.get(plugin) ?? null;
  }

  /** For its probes: one that hangs does not keep actions waiting. */
  probes(plugin: string): JavaScriptFunctions | null {
    return this.#probes.get(plugin) ?? null;
  }

  /** Ends the processes. Resolves when they and all that they started are gone. Idempotent. */
  async close(): Promise<void> {
    const all = [...this.#actions.values(), ...this.#probes.values()];
    await Promise.all(all.map((process) => process.close()));
  }
}
