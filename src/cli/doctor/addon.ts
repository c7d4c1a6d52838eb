/** The native addon. */

import { existsSync } from 'node:fs';
import { loadAddon } from '../../engine/addon.js';
import { ADDON_PATH } from '../../engine/native-files.js';
import { broken, type Check, missing, ok } from './finding.js';
import { whyNotLoadable } from './loads.js';

export const BUILD = 'build it with "npm rebuild flux-ensemble" (in a checkout: "npm run build")';

export const addon: Check = {
  name: 'addon',
  needed: true,
  run: async (options) => {
    if (!existsSync(ADDON_PATH))
      return missing(`the native addon was not built: ${ADDON_PATH} does not exist`, BUILD);
    const reason = await whyNotLoadable(ADDON_PATH, options);
    if (reason !== null) return broken(`the native addon ${ADDON_PATH} can't be loaded: ${reason}`, BUILD);
    // Throws where the addon belongs to another version of this package.
    return ok(`the native addon loads, with interface ${loadAddon().abi} (Node-API)`);
  },
};
