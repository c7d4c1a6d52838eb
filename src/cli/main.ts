#!/usr/bin/env node
/** The command `ensemble`. */

import { begin } from './begin.js';

await begin('ensemble', async () => (await import('./commands.js')).runEnsemble());
