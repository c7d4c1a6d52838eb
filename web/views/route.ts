/** The part of the page's address after `#`, which names the view. */

import { useEffect, useState } from 'preact/hooks';

export const TABS = ['overview', 'jobs', 'times', 'parameters'] as const;
export type Tab = (typeof TABS)[number];

export type Route =
  | { readonly view: 'runs' }
  | { readonly view: 'run'; readonly id: string; readonly tab: Tab };

/** Reads `#/runs/ID/TAB`; all other texts mean the list of runs. */
export function parseRoute(hash: string): Route {
  const match = /^#\/runs\/([^/]+)(?:\/([a-z]+))?$/.exec(hash);
  if (match === null) return { view: 'runs' };
  const [, id = '', tab] = match;
  try {
    return { view: 'run', id: decodeURIComponent(id), tab: TABS.find((each) => each === tab) ?? 'overview' };
  } catch {
    return { view: 'runs' };
  }
}

export function runLink(id: string, tab: Tab = 'overview'): string {
  return `#/runs/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  return route;
}
