#!/usr/bin/env node
/** The command `ensemble-server`. */

import { begin } from './begin.js';

void begin('ensemble-server', async () => (await import('./server-commands.js')).runServer());
