/** `fetch` by the proxies of the environment, as curl uses them. Node's own has them only from version 24 on. */

import { NotDelivered } from './attempt.js';

/** The proxy for a URL (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`); null without one. Throws NotDelivered. */
async function proxyFor(url: URL): Promise<URL | null> {
  if (!Object.keys(process.env).some((name) => /^(https?|all)_proxy$/i.test(name))) return null;
  const { getProxyForUrl } = await import('proxy-from-env');
  const found = getProxyForUrl(url.href);
  if (found === '') return null;
  // The library gives a proxy without a scheme that of the URL. Such proxies speak HTTP.
  const isWhole = Object.values(process.env).includes(found);
  const proxy = isWhole ? found : found.replace(/^https:/, 'http:');
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol)) return new URL(proxy);
  // Its URL may have a password.
  throw new NotDelivered(
    `the environment names a proxy for ${url.protocol}//, which is not the URL of an HTTP proxy, as http://proxy:3128`,
    false,
  );
}

/** As `fetch`. The library is loaded only where the environment names a proxy. Throws NotDelivered for an invalid one. */
export async function proxiedFetch(url: URL, init: RequestInit): Promise<Response> {
  const proxy = await proxyFor(url);
  if (proxy === null) return fetch(url, init);
  const undici = await import('undici');
  // A proxy may refuse a tunnel to a server without TLS.
  const dispatcher = new undici.ProxyAgent({ uri: proxy.href, proxyTunnel: false });
  try {
    return (await undici.fetch(url, { ...(init as object), dispatcher })) as unknown as Response;
  } finally {
    // It closes its connections after the answer.
    void dispatcher.close().catch(() => {});
  }
}
