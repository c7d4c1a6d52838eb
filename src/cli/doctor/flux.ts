/** Flux: its commands, an instance, and its library. */

import { fluxLibraries } from '../../members/flux/flux-library.js';
import { askProgram } from './ask-program.js';
import { broken, type Check, missing, ok } from './finding.js';
import { whyNotLoadable } from './loads.js';

const NOT_NEEDED = 'only the Flux member needs it';

export const flux: Check = {
  name: 'flux',
  run: async (options) => {
    const { stdout, failure } = await askProgram('flux', ['version'], options, { FLUX_URI: undefined });
    if (failure === 'missing')
      return missing('flux is not on PATH', `${NOT_NEEDED}; put flux-core on PATH for it`);
    if (failure !== null) return broken(`flux version failed: ${failure}`, 'install flux-core again');
    return ok(`Flux ${/^commands:\s*(\S+)/m.exec(stdout)?.[1] ?? 'of an unknown version'}`);
  },
};

export const fluxInstance: Check = {
  name: 'flux instance',
  run: async (options) => {
    const { FLUX_URI: uri } = process.env;
    const { stdout, failure } = await askProgram('flux', ['getattr', 'size'], options);
    const start = 'start one with "flux start ensemble run FILE" or "flux alloc"';
    if (failure === 'missing') return missing('no instance without flux on PATH', NOT_NEEDED);
    if (failure !== null) {
      return uri
        ? broken(
            `the instance of FLUX_URI (${uri}) does not answer: ${failure}`,
            `unset FLUX_URI, or ${start}`,
          )
        : missing('this is not inside a Flux instance', `${NOT_NEEDED}; ${start}`);
    }
    const size = `an instance of size ${stdout.trim()} answers`;
    return ok(uri ? `inside a Flux instance: ${size}` : `FLUX_URI is not set, and ${size} (--executor flux)`);
  },
};

export const fluxMember: Check = {
  name: 'flux member',
  run: async (options) => {
    const reasons: string[] = [];
    const libraries = fluxLibraries();
    for (const library of libraries) {
      const reason = await whyNotLoadable(library, options);
      if (reason === null) return ok(`the Flux member can load ${library}`);
      reasons.push(reason);
    }
    const text = `libflux-core can't be loaded: ${reasons.join('; ')}`;
    const remedy = 'put flux of flux-core 0.61 or later on PATH, or its library into LD_LIBRARY_PATH';
    return libraries.length === 1 ? missing(text, `${NOT_NEEDED}; ${remedy}`) : broken(text, remedy);
  },
};
