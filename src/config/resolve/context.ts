import type { CheckedShape } from '../schema/check.js';
import type { ConfigSource, Problems } from '../source/problems.js';
import type { Plugins } from './plugins.js';

/** What resolving needs to know besides the values. */
export interface ResolveContext {
  readonly shape: CheckedShape;
  readonly source: ConfigSource;
  readonly problems: Problems;
  /** The file, absolute, or null. */
  readonly file: string | null;
  readonly plugins: Plugins;
  /** Of each rule, the algorithm that it is of, or null; a rule behind the last one is of none. */
  readonly algorithms: readonly (string | null)[];
}
