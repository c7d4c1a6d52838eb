/** Describes a resize; `limit` is the bound that clamped the requested size. */
export function describeResize(
  { before, asked, after }: { readonly before: number; readonly asked: number; readonly after: number },
  limit?: string,
): string {
  const short = asked === after ? '' : `asked ${asked}, clamped to ${after}${limit ? ` (${limit})` : ''}`;
  if (after === before) return short === '' ? `no change: ${before}` : `no change: ${short}`;
  const done = `${after > before ? 'grew' : 'shrank'} from ${before} to ${after}`;
  return short === '' ? done : `${done}: ${short}`;
}
