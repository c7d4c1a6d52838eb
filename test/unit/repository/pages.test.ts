/** The pages of README.md and docs/: their links lead somewhere, and their files are valid. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../support/cli.js';
import { diagnose } from '../../support/config.js';

/** rules.md has examples that share jobs, and a test of its own. */
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const withoutCode = (text: string) => text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchor of a heading, as GitHub and vitepress make it. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.*)$/gm);
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)));
}

interface Link {
  readonly page: string;
  readonly target: string;
}

const links: Link[] = pages.flatMap(({ path, text }) => [
  ...[...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page: path, target })),
  // The front page names its links in its front matter.
  ...[...text.matchAll(/^\s+link: (\S+)$/gm)].map(([, target = '']) => ({ page: path, target })),
]);

/** The path of a file of this repository by its address on GitHub; null for another address. */
function ownPath(address: string): string | null {
  return (
    /^https:\/\/github\.com\/flux-framework\/flux-ensemble\/(?:blob|tree)\/main\/(.*)$/.exec(address)?.[1] ??
    null
  );
}

/** The reason why a link is wrong, or null. */
function faultOf({ page, target }: Link): string | null {
  const own = ownPath(target);
  if (own !== null) return existsSync(join(root, own)) ? null : `${own} is missing`;
  if (/^https?:/.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  let path = file === '' ? page : relative(root, join(root, dirname(page), file));
  if (file.startsWith('/')) path = `docs${file}.md`;
  if (!existsSync(join(root, path))) return `${path} is missing`;
  if (anchor === undefined) return null;
  return anchorsOf(readFileSync(join(root, path), 'utf8')).has(anchor)
    ? null
    : `${path} has no heading #${anchor}`;
}

describe('README.md and the pages of docs/', () => {
  test('there are pages, and they have links', () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(links.length).toBeGreaterThan(50);
  });

  test.each(links)('the link of $page to $target leads to a file and a heading that exist', (link) => {
    expect(faultOf(link)).toBeNull();
  });

  const files = pages
    .filter(({ path }) => path !== 'docs/rules.md' && path !== 'docs/plugins.md')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = ''], index) => ({ path, index, yaml })),
    );

  test.each(files)('file $index of $path is valid', ({ yaml }) => {
    expect(diagnose(yaml, join(root, 'docs/page.yaml')).map(({ message }) => message)).toEqual([]);
  });
});
