/** Values that local jobs append to their file: each line becomes a memo. */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalMemberOptions } from '../../../../src/members/local/local-member.js';
import { readTell, readTellLine } from '../../../../src/model/tells.js';
import { newFolder } from '../../../support/cli.js';
import { type Journal, ORIGIN, sh, template, withMember } from './harness.js';

const memosOf = (journal: Journal, index: number) =>
  journal
    .job(index)
    .filter(({ name }) => name === 'memo')
    .map(({ context }) => context);
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('flux-ensemble-tell-'));

describe('values that jobs tell', () => {
  test('come while the job runs, and before its end', async () => {
    const before = folders();
    const journal = await withMember({}, async (member, journal) => {
      const script = `echo energy=-3.5 >> $ENSEMBLE_TELL; read line; echo '{"a":1,"b":"x"}' >> $ENSEMBLE_TELL; printf last=1 >> $ENSEMBLE_TELL`;
      const fifo = `f=$(mktemp -u); mkfifo $f; (sleep 0.2; echo go > $f) & ${script.replace('read line', 'read line < $f')}`;
      await member.submit(template(sh(fifo), { tells: true }), 1, ORIGIN);
      await journal.until(() => memosOf(journal, 0).length > 0);
      expect(journal.names(0)).not.toContain('finish');
      await journal.cleaned(1);
    });
    expect(memosOf(journal, 0)).toEqual([{ energy: -3.5 }, { a: 1, b: 'x' }, { last: 1 }]);
    expect(journal.names(0).indexOf('finish')).toBeGreaterThan(journal.names(0).lastIndexOf('memo'));
    // The folder is removed with the member.
    expect(folders()).toEqual(before);
  });

  test('of thousands of lines all come in their order; a pipe, a link and a missing file do no harm', async () => {
    const journal = await withMember({}, async (member, journal) => {
      const scripts = [
        'i=0; while [ $i -lt 20000 ]; do echo n=$i; i=$((i+1)); done >> $ENSEMBLE_TELL',
        'rm $ENSEMBLE_TELL; mkfifo $ENSEMBLE_TELL',
        'rm $ENSEMBLE_TELL; ln -s /etc/passwd $ENSEMBLE_TELL',
        'rm $ENSEMBLE_TELL',
        'head -c 9000 /dev/zero | tr "\\0" a >> $ENSEMBLE_TELL; echo >> $ENSEMBLE_TELL; echo n=1 >> $ENSEMBLE_TELL',
      ];
      for (const script of scripts) await member.submit(template(sh(script), { tells: true }), 1, ORIGIN);
      await journal.cleaned(scripts.length);
    });
    expect(memosOf(journal, 0).map((memo) => memo?.n)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    for (const index of [1, 2, 3]) expect(memosOf(journal, index)).toEqual([]);
    expect(memosOf(journal, 4)).toEqual([{ ['a'.repeat(80)]: null }, { n: 1 }]);
  });

  test('keep characters that lie in two pieces, and are not lost in silence where they are too many', async () => {
    const problems: string[] = [];
    const journal = await withMember(
      { problem: ({ message }) => problems.push(message) },
      async (member, journal) => {
        // A whole file takes the place of the empty one, so the pieces are known: the 65,536th byte is inside a character.
        const inOneStep = (made: string) => `f=$(mktemp); ${made} > $f; mv $f $ENSEMBLE_TELL`;
        await member.submit(
          template(sh(inOneStep('yes t=€€€€€€ | head -n 4000')), { tells: true }),
          1,
          ORIGIN,
        );
        await journal.cleaned(1);
        const many = inOneStep('{ echo t=first; head -c 8000000 /dev/zero | tr "\\0" "\\n"; echo t=last; }');
        for (let i = 0; i < 2; i++) await member.submit(template(sh(many), { tells: true }), 1, ORIGIN);
        await journal.cleaned(3);
      },
    );
    const memos = memosOf(journal, 0);
    expect(memos).toHaveLength(4000);
    expect(new Set(memos.map((memo) => memo?.t))).toEqual(new Set(['€€€€€€']));
    expect(memosOf(journal, 1)).toEqual([{ t: 'first' }]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^job ƒ\S+ told more values at its end than are read; those after \S+ MB are ignored$/,
      ),
    ]);
  });

  test('begin again where a job replaces its file, and lie in the folder of the run', async () => {
    const run = newFolder();
    mkdirSync(join(run, 'tell'));
    writeFileSync(join(run, 'tell/left'), 'of a process that was killed');
    const journal = await withMember(
      { outputs: { folder: join(run, 'out'), limit: 1e9 } as LocalMemberOptions['outputs'] },
      async (member, journal) => {
        const go = join(run, 'go');
        const script = `echo first=1 > $ENSEMBLE_TELL; until [ -e ${go} ]; do sleep 0.02; done; echo b=2 > $ENSEMBLE_TELL`;
        await member.submit(template(sh(script), { tells: true }), 1, ORIGIN);
        await journal.until(() => memosOf(journal, 0).length > 0);
        expect(readdirSync(join(run, 'tell'))).toEqual(journal.ids());
        writeFileSync(go, '');
        await journal.cleaned(1);
      },
    );
    expect(memosOf(journal, 0)).toEqual([{ first: 1 }, { b: 2 }]);
    expect(existsSync(join(run, 'tell'))).toBe(false);
  });

  test('need a group that has some: other jobs have no file', async () => {
    const journal = await withMember({}, async (member, journal) => {
      await member.submit(template(sh('test -z "$ENSEMBLE_TELL"')), 1, ORIGIN);
      await journal.cleaned(1);
    });
    expect(journal.context(0, 'finish')).toEqual({ status: 0 });
  });
});

describe('a line', () => {
  test.each([
    ['energy=-3.5e-2', { energy: -0.035 }],
    [' a = .5 ', { a: 0.5 }],
    ['phase=warm up = 2', { phase: 'warm up = 2' }],
    ['version=1.2.3', { version: '1.2.3' }],
    ['empty=', { empty: '' }],
    ['{"a": 1e3}', { a: 1000 }],
    ['huge=1e999', { 'huge=1e999': null }],
    ['no value', { 'no value': null }],
    ['=5', { '=5': null }],
    ['{"a":', { '{"a":': null }],
  ])('%j tells %j', (line, told) => {
    expect(JSON.parse(readTellLine(line))).toEqual(told);
  });

  test('has at most 4,096 bytes', () => {
    expect(JSON.parse(readTellLine(`a=${'€'.repeat(1364)}`))).toEqual({ a: '€'.repeat(1364) });
    expect(JSON.parse(readTellLine(`a=${'€'.repeat(1365)}`))).toEqual({ [`a=${'€'.repeat(78)}`]: null });
  });

  test('of a command has a name', () => {
    expect(readTell('a=b')).toEqual(['a', 'b']);
    expect(readTell('a')).toBeNull();
  });
});
