/** Kubernetes: kubectl for people, and the client of the service. */

import { howToInstall, isInstalled } from '../../optional-package.js';
import { askProgram } from './ask-program.js';
import { broken, type Check, missing, ok } from './finding.js';

const CLIENT = '@kubernetes/client-node';

export const kubectl: Check = {
  name: 'kubectl',
  run: async (options) => {
    const { stdout, failure } = await askProgram('kubectl', ['version', '--client', '-o', 'json'], options);
    const remedy = 'optional: it sets up the service in Kubernetes';
    if (failure === 'missing') return missing('kubectl is not on PATH', remedy);
    if (failure !== null) return broken(`kubectl can't be run: ${failure}`, remedy);
    return ok(`kubectl ${/"gitVersion":\s*"([^"]+)"/.exec(stdout)?.[1] ?? 'of an unknown version'}`);
  },
};

export const kubernetesClient: Check = {
  name: 'kubernetes client',
  run: () => {
    if (isInstalled(CLIENT)) return ok(`the package ${CLIENT} is installed`);
    const remedy = `only ensemble-server start --kubernetes needs it: ${howToInstall(CLIENT)}`;
    return missing(`the package ${CLIENT} is not installed`, remedy);
  },
};
