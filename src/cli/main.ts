#!/usr/bin/env node
/** The command `ensemble`. */

import { begin } from './begin.js';

void begin('ensemble', async () => (await import('./commands.js')).runEnsemble());
