import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileTags, isFluxTag } from '../../../src/language/job-tags.js';
import { findFile } from '../../../src/members/find-file.js';
import type { JobTagValues } from '../../../src/model/job-facts.js';
import { newFolder } from '../../support/cli.js';

const job: JobTagValues = { id: 8103395328n, name: 'echo', tasks: 3, nodes: 2, ascii: false, node: null };

describe("Flux's tags", () => {
  // The output of `flux run --output=...` of Flux 0.88 for the job with this id.
  test.each([
    ['{{id.words}}', 'chrome-virtual-mask--acrobat-academy-academy'],
    ['{{id.dothex}}', '0000.0001.e300.0000'],
    ['{{jobid.kvs}}', 'job.0000.0001.e300.0000'],
    ['{{id.dec}} {{id.hex}}', '8103395328 0x1e3000000'],
    ['{{jobidx}} {{ id }} {{what}} {{name}} {{taskid', '{{jobidx}} {{ id }} {{what}} echo {{taskid'],
    ['{{ {{id}} }}{{name}}', '{{ {{id}} }}echo'],
    ['{{node.name}} {{node.id}}', '{{node.name}} 0'],
  ])('%s', (text, filled) => {
    expect(compileTags(text)(job)).toBe(filled);
  });

  test('tags that Flux does not fill in are not its tags', () => {
    const names = [
      'id',
      'jobid.words',
      'ntasks',
      'task.localid',
      'node.cores',
      'tmpdir',
      'task.what',
      'node.what',
      'index',
    ];
    expect(names.filter(isFluxTag)).toEqual(names.slice(0, 6));
  });
});

describe('a file name that is not fully known', () => {
  const folder = newFolder();
  const write = (name: string, time: number) => {
    writeFileSync(join(folder, name), '');
    utimesSync(join(folder, name), time, time);
  };
  const find = (template: string) => findFile(join(folder, template), job).path.slice(folder.length + 1);

  test('resolves to the spelling of the id that exists', () => {
    expect(find('one-{{id}}')).toMatch(/^one-ƒ/);
    const ascii = compileTags('one-{{id.f58plain}}')(job);
    write(ascii, 1);
    expect(find('one-{{id}}')).toBe(ascii);
  });

  test('resolves to the newer of two files, because ids repeat with the next instance', () => {
    const ascii = compileTags('two-{{id.f58plain}}')(job);
    const unicode = compileTags('two-{{id}}')(job);
    write(ascii, 2);
    write(unicode, 1);
    expect(find('two-{{id}}')).toBe(ascii);
    write(unicode, 3);
    expect(find('two-{{id}}')).toBe(unicode);
  });

  test('is searched where only Flux knows a part, also in folders; special characters of patterns are literal', () => {
    expect(find('{{node.name}}/(a+).{{node.cores}}.out')).toBe('*/(a+).*.out');
    mkdirSync(join(folder, 'vm'));
    write('vm/(aa).0-1.out', 1);
    expect(find('{{node.name}}/(a+).{{node.cores}}.out')).toBe('*/(a+).*.out');
    write('vm/(a+).0-1.out', 1);
    expect(find('{{node.name}}/(a+).{{node.cores}}.out')).toBe('vm/(a+).0-1.out');
  });
});
