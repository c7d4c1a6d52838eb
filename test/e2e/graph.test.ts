import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, newFolder, root } from '../support/cli.js';

describe.concurrent('ensemble graph', () => {
  test('graph prints Mermaid text', async () => {
    const { stdout, stderr, status } = await cli(['graph', 'examples/hello-world.yaml']);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^flowchart TB\n {2}n0\("sleep<br\/>5 × sleep 1"\):::group_\n/);
    expect(stdout).toContain('n0 --> n3\n');
    expect(stdout).toContain('n3 ==>|"submit"| n1\n');
  });

  test('graph writes an SVG file', async () => {
    const path = join(newFolder(), 'hello.svg');
    const { stdout, status } = await cli([
      'graph',
      '--output',
      path,
      join(root, 'examples/hello-world.yaml'),
    ]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(readFileSync(path, 'utf8')).toMatch(/<svg [\s\S]*count\.sleep\.success == 3[\s\S]*<\/svg>\s*$/);
    const printed = await cli(['graph', '--format', 'svg', 'examples/hello-world.yaml']);
    expect(printed.stdout).toContain('<title>hello&#45;world.yaml</title>');
  });

  test("graph reports an invalid file, and an output that can't be written", async () => {
    const wrong = await cli(['graph', ensembleFile('jobs: []\nrules: [{trigger: strat}]\n')]);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain("did you mean 'start'?");
    const nowhere = await cli(['graph', '--output', '/nowhere/x.svg', 'examples/hello-world.yaml']);
    expect(nowhere).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("can't write /nowhere/x.svg"),
    });
  });
});
