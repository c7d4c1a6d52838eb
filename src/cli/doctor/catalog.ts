/** The checks of `ensemble doctor`, in the order of their lines. */

import { addon } from './addon.js';
import { clock } from './clock.js';
import type { Check } from './finding.js';
import { flux, fluxInstance, fluxMember } from './flux.js';
import { socketFolder, stateFolder, temporaryFolder } from './folders.js';
import { kubectl, kubernetesClient } from './kubernetes.js';
import { openFiles, processes } from './limits.js';
import { node } from './node.js';
import { python } from './python.js';
import { slurm, slurmController } from './slurm.js';
import { spawner } from './spawner.js';

export const checks: readonly Check[] = [
  node,
  addon,
  spawner,
  openFiles,
  processes,
  stateFolder,
  socketFolder,
  temporaryFolder,
  clock,
  python,
  flux,
  fluxInstance,
  fluxMember,
  slurm,
  slurmController,
  kubectl,
  kubernetesClient,
];
