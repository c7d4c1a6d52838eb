/**
 * Prints the results of all cases and of two recordings in the addon for this machine, for a process in which the test runner
 * can't run. prebuilds.test.ts bundles it.
 */

import { serialize } from 'node:v8';
import { loadAddon } from '../../src/engine/addon.js';
import { comparedCases } from '../conformance/compared-cases.js';
import { runNative } from '../conformance/run-case.js';

const addon = loadAddon();
const results: unknown[] = [];
for (const one of comparedCases()) results.push(await runNative(one, [], addon));
process.stdout.write(serialize(results).toString('base64'));
