/** Hostlists (RFC 29): `login1,node[001-003,7]-eth0`. */

/** Digits of an index of a host at most. */
const MAX_DIGITS = 9;

const RANGE = new RegExp(`^(\\d{1,${MAX_DIGITS}})(?:-(\\d{1,${MAX_DIGITS}}))?$`);

/** Splits at commas that are not in brackets. */
function itemsOf(text: string): string[] {
  const items: string[] = [];
  let begin = 0;
  let isInside = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '[') isInside = true;
    else if (text[at] === ']') isInside = false;
    else if (text[at] === ',' && !isInside) {
      items.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  items.push(text.slice(begin));
  return items.filter((item) => item !== '');
}

/** The hosts of one item; null for an invalid one. As in Flux, only the first brackets hold indexes. */
function* hostsOf(item: string): Generator<string | null> {
  const open = item.indexOf('[');
  if (open < 0) {
    yield item.includes(']') ? null : item;
    return;
  }
  const close = item.indexOf(']', open);
  if (close < 0) return yield null;
  const [prefix, suffix] = [item.slice(0, open), item.slice(close + 1)];
  for (const range of item.slice(open + 1, close).split(',')) {
    const [, first, last = first] = RANGE.exec(range) ?? [];
    if (first === undefined || last === undefined || Number(last) < Number(first)) return yield null;
    for (let index = Number(first); index <= Number(last); index++) {
      yield `${prefix}${String(index).padStart(first.length, '0')}${suffix}`;
    }
  }
}

/** Returns the hosts of a hostlist, each once, in their order; null for an invalid one, and one of more hosts than `most`. */
export function expandHostlist(text: string, most: number): string[] | null {
  const hosts = new Set<string>();
  for (const item of itemsOf(text)) {
    for (const host of hostsOf(item)) {
      if (host === null || (hosts.size >= most && !hosts.has(host))) return null;
      hosts.add(host);
    }
  }
  return [...hosts];
}
