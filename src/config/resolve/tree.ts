/** `member.flux` of a file. */

import type { FluxTreeOptions } from '../../model/ensemble.js';
import type { ResolveContext } from './context.js';

/** Options of a broker that the member sets itself, or that keep a sub-instance from being followed. */
const REFUSED = /^(?:-Sbroker\.rc2_none|--?(?:help|version)$|[^-])/;

export function resolveTree({ problems, shape }: ResolveContext): FluxTreeOptions | null {
  const written = shape.config.member?.flux;
  if (written === undefined || written === null) return null;
  const { instances = null, nodes = null, cores = null, recycle = null, broker } = written;
  const path = ['member', 'flux'];
  for (const [index, argument] of (broker ?? []).entries()) {
    if (!REFUSED.test(argument)) continue;
    problems.error(
      [...path, 'broker', index],
      `'${argument}' can't be given: write options of flux broker, like --conf=FILE or -Sname=value`,
    );
  }
  return {
    instances,
    nodes,
    cores,
    recycle: recycle === null ? null : Number.parseInt(String(recycle), 10),
    broker: broker ?? [],
  };
}
