/** The members that `ensemble init` writes a first file for. */

import type { FirstFile } from './first-file.js';
import { flux } from './flux.js';
import { local } from './local.js';
import { slurm } from './slurm.js';

export const firstFiles = { local, flux, slurm } as const satisfies Readonly<Record<string, FirstFile>>;

export type InitMember = keyof typeof firstFiles;
export const initMembers = Object.keys(firstFiles) as readonly InitMember[];
