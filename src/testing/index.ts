/**
 * Tests of members: `flux-ensemble/testing`.
 *
 * @module testing
 */

export type { CheckedRun, MemberCheck, MemberCheckOptions, SkipContext } from './members/check.js';
export { memberChecks } from './members/index.js';
