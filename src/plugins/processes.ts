/** The processes that run the actions and probes of plugins. */

import { pathToFileURL } from 'node:url';
import type { ConfigPlugin } from '../model/ensemble.js';
import { packageFile } from '../text/package-file.js';
import { JavaScriptFunctions } from '../usercode/javascript/javascript-functions.js';
import type { UserCodeListener } from '../usercode/user-process.js';

/** The function that loads a plugin in its process. The path is the same from src/plugins and from dist/plugins. */
const loader = { url: pathToFileURL(packageFile('dist/plugins/actions.js')).href, name: 'loadActions' };

/** The processes of the plugins of a run. Each starts with its first call. */
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

  /** Process of a plugin's actions; null for an unknown plugin. */
  actions(plugin: string): JavaScriptFunctions | null {
    return this.#actions.get(plugin) ?? null;
  }

  /** Process of a plugin's probes. It is separate, so that a probe that hangs can't delay actions. */
  probes(plugin: string): JavaScriptFunctions | null {
    return this.#probes.get(plugin) ?? null;
  }

  /** Ends the processes. Resolves when they and their descendants have ended. Idempotent. */
  async close(): Promise<void> {
    const all = [...this.#actions.values(), ...this.#probes.values()];
    await Promise.all(all.map((process) => process.close()));
  }
}
