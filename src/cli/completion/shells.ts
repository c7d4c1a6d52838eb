/** The shells for which `completion` makes a script. */

import { bashScript } from './bash.js';
import type { Cases } from './cases.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

type MakeScript = (program: string, name: string, cases: Cases) => string;

export const shells = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Readonly<
  Record<string, MakeScript>
>;

export type Shell = keyof typeof shells;
export const shellNames = Object.keys(shells) as readonly Shell[];
