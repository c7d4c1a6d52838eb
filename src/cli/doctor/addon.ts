/** The native addon. */

import { existsSync } from 'node:fs';
import { loadAddon } from '../../engine/addon.js';
import { addonPath } from '../../engine/native-files.js';
import { broken, type Check, missing, ok } from './finding.js';
import { whyNotLoadable } from './loads.js';

export const BUILD = 'build it with "npm rebuild flux-ensemble" (in a checkout: "npm run build")';

export const addon: Check = {
  name: 'addon',
  needed: true,
  run: async (options) => {
    const path = addonPath();
    if (!existsSync(path)) return missing(`the native addon was not built: ${path} does not exist`, BUILD);
    const reason = await whyNotLoadable(path, options);
    if (reason !== null) return broken(`the native addon ${path} can't be loaded: ${reason}`, BUILD);
    // Throws where the addon belongs to another version of this package.
    return ok(`the native addon loads, with interface ${loadAddon().abi} (Node-API)`);
  },
};
