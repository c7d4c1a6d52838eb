import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../support/cli.js';
import { type Prose, proseOf } from '../../support/prose.js';

interface Pattern {
  readonly pattern: RegExp;
  /** The words to write in place of it. */
  readonly instead: string;
  /** Uses that are plain English; they are removed before the pattern is looked for. */
  readonly allowed?: RegExp;
}

/** A new sentence: at the beginning, or after the end of another one. */
const sentence = (words: string) => new RegExp(`(?:^|[.!?]["')…]*\\s|\\n\\s*)(?:${words})\\b(?![^.]*\\?)`);

const PATTERNS: readonly Pattern[] = [
  {
    pattern: sentence('What|Whoever|Nobody|Somebody|Of|Behind|Whose|Whom'),
    instead: 'begin the sentence with its subject, a noun',
    allowed: /\bOf course\b/g,
  },
  {
    pattern: /\b(?:is|are|was|were|be) no\b/i,
    instead: "'not a', 'invalid', 'missing' or 'without'",
    allowed:
      /\bthere (?:is|are|was|were) no\b(?! such| more)|\bno (?:longer|more than|less than|later|earlier|larger|smaller)\b/gi,
  },
  {
    pattern: /\b(?:is|are|was|were|be) none\b|\b(?:there|which|that) (?:is|are|was|were) not(?=[.,;:)]|$)/i,
    instead: "'missing', 'unknown' or 'does not exist'",
  },
  {
    pattern: /\b(?:whoever|whomever|whosever|nobody|somebody)\b/i,
    instead: 'the noun of who it is: the caller, the reader, a user',
  },
  { pattern: /\banew\b/i, instead: "'again'" },
  { pattern: /\bbesides\b/i, instead: "'also', or a sentence of its own" },
  {
    // A job tells its ensemble values: there the word is a term.
    pattern: /\b(?:is|are|was|were|be|been|gets?|got) told\b/i,
    instead: "'report', 'emit' or 'show'",
  },
  {
    pattern: /\bbehind\b/i,
    instead: "'after'",
    allowed:
      /\bbehind (?:a|an|the|its) (?:[\w-]+ )?(?:proxy|firewall|gateway|balancer)\b|\b(?:fall|falls|fell|lag|lags|far) behind\b/gi,
  },
  {
    pattern: /\bso (?:many|long)\b/i,
    instead: "'this many', 'that long', or the number",
    allowed: /\bso many that\b/gi,
  },
  {
    pattern: /\b(?:comes?|came|coming|becomes?|became|become) of\b/i,
    instead: "'results from', 'happens to'",
  },
  { pattern: /\b(?:that|this) one's\b|\b(?:those|these|he|they) who\b/i, instead: 'the noun' },
  { pattern: /\bto be had\b|\blet gather\b|\bis had\b/i, instead: "'available', 'batched'" },
];

const FILES =
  /^(?:\.ci|src|web|native|bench|test|proto|docs|clients)\/.*\.(?:tsx?|mjs|h|cpp|proto|py|lua|sh|md)$|^[A-Z]+\.md$/;
/** Text of others, a list of words, and this file, which names the words. */
const OTHERS =
  /^src\/language\/id-words\.ts$|^test\/(?:fixtures\/|unit\/repository\/plain-english\.test\.ts$)|^native\/third-party\//;

const paths = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => FILES.test(path) && !OTHERS.test(path));

function wrongIn({ text }: Pick<Prose, 'text'>): string[] {
  return PATTERNS.flatMap(({ pattern, instead, allowed }) => {
    const [match] = pattern.exec(allowed === undefined ? text : text.replace(allowed, '…')) ?? [];
    return match === undefined ? [] : [`'${match.trim()}': write ${instead}`];
  });
}

const findings = paths.map((path) => {
  const prose = proseOf(path, readFileSync(join(root, path), 'utf8'));
  return {
    path,
    wrong: prose.flatMap((each) => wrongIn(each).map((reason) => `${path}:${each.line}: ${reason}`)),
  };
});

describe('the prose of the project', () => {
  test('is found in code and in documents', () => {
    expect(paths.length).toBeGreaterThan(400);
    const kinds = (path: string) =>
      new Set(proseOf(path, readFileSync(join(root, path), 'utf8')).map(({ kind }) => kind));
    expect(kinds('src/members/create.ts')).toEqual(new Set(['comment', 'message']));
    expect(kinds('test/unit/repository/floors.test.ts')).toEqual(new Set(['comment', 'title']));
    expect(kinds('README.md')).toEqual(new Set(['page']));
  });

  test('uses plain words', () => {
    expect(findings.flatMap(({ wrong }) => wrong)).toEqual([]);
  });
});

describe('the lint', () => {
  test.each([
    ['src/a.ts', "// What goes wrong with one connection is that one's end.\n"],
    ['src/a.ts', '/**\n * Nothing.\n * Of a new job, a tenth.\n */\n'],
    ['src/a.ts', 'throw new Error(`the rule ' + '$' + '{name} is no timer`);'],
    ['src/a.ts', "const help = 'the jobs ' + count + ' that are told';"],
    ['native/a.h', 'int a;  // A time that is none.\n'],
    ['native/a.h', 'Fail("rule 7, which there is not");\n'],
    ['test/a.test.ts', "test('nobody waits for it', () => {});"],
    ['docs/a.md', 'A reader who comes\nbehind the others.\n'],
  ])('finds a phrase in %s: %s', (path, text) => {
    expect(proseOf(path, text).flatMap(wrongIn)).not.toEqual([]);
  });

  test.each([
    ['src/a.ts', "const url = 'http://a//besides'; // after `anew`, the value 'behind' and {@link Told}\n"],
    ['src/a.ts', '/** Runs behind a reverse proxy; a reader that falls behind is dropped. */\n'],
    ['src/a.ts', 'const told = whoever.besides; // A name.\n'],
    ['native/a.h', 'const char* a = "// besides";\n'],
    ['docs/a.md', '```\nnobody\n```\n\n## What it does\n\n`besides`\n'],
  ])('exempts names, code and plain uses in %s: %s', (path, text) => {
    expect(proseOf(path, text).flatMap(wrongIn)).toEqual([]);
  });
});
