/** The files of the dashboard. They hold nothing of a run, so they need no credentials. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packageFile } from '../text/package-file.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/** Only files of this server, and no code in the page itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface PageFile {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly gzipped: Buffer<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

function pageFile(folder: string, path: string): PageFile {
  const bytes = readFileSync(join(folder, path));
  // The names of assets change with their content.
  const caching = path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'cache-control': caching,
    vary: 'accept-encoding',
  };
  return { bytes, gzipped: gzipSync(bytes, { level: 9 }), headers };
}

export class Dashboard {
  readonly #files: ReadonlyMap<string, PageFile>;

  /** Reads the files, about 200 kB. Throws Error where the package was built without them. */
  constructor(folder = packageFile('dist/web')) {
    if (!existsSync(join(folder, 'index.html'))) {
      throw new Error(`the dashboard is missing in ${folder}; \`npm run build:ts\` makes it`);
    }
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    this.#files = new Map(paths.map((path) => [path, pageFile(folder, path)]));
  }

  /** The paths of all files, below the root of the server. */
  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** The answer with a file; null for an unknown path. */
  answer(path: string, acceptEncoding: string | null): Response | null {
    const file = this.#files.get(path);
    if (file === undefined) return null;
    const { bytes, gzipped, headers } = file;
    if (!/\bgzip\b/.test(acceptEncoding ?? '')) return new Response(bytes, { headers });
    return new Response(gzipped, { headers: { ...headers, 'content-encoding': 'gzip' } });
  }
}
