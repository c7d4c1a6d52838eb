import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { toMermaid } from '../../../src/report/mermaid.js';
import { graphOf } from '../../../src/report/model.js';
import { toSvg } from '../../../src/report/svg.js';

const { config } = parseConfig(`
states: [explore, refine]
jobs:
  - {name: sim, command: run sim, count: 3}
  - {name: sim, command: run other, count: 1}
  - {name: 'a "b" <c> & end]', command: 'echo "|" #1'}
rules:
  - {trigger: start, action: {name: submit, label: sim}}
  - trigger: metric
    when: mean.sim-duration > 30s and \`count.a "b" <c> & end].failed\` < 3
    for: 5m
    cooldown: 1h
    in: explore
    action: {name: submit, label: 'a "b" <c> & end]', value: 2, goto: refine}
  - {trigger: job-exception, name: sim, when: event.exception.type == "oom", in: [explore, refine], action: {name: cancel, repetitions: 4}}
  - {trigger: state, name: refine, action: {name: custom, label: look}}
  - {trigger: interval, interval: 90s, action: {name: grow, value: 2, backoff: 3}}
  - {trigger: job-fail, action: {name: terminate}}
custom: function look() {}
use: [{algorithm: replace-failures, with: {group: sim, budget: 2}}]
`);
const graph = graphOf(config);

describe('the graph of an ensemble', () => {
  test('has a node for each state, group, rule, and target of a rule', () => {
    expect(graph.nodes.map(({ kind, title, details }) => [kind, title, ...details])).toEqual([
      ['state', 'explore', 'begins here'],
      ['state', 'refine'],
      ['group', 'sim', '4 × run sim, ...'],
      ['group', 'a "b" <c> & end]', '1 × echo "|" #1'],
      ['start', 'start'],
      [
        'rule',
        expect.stringMatching(/^mean\.sim-duration > 30s and `count\..*…$/),
        'for 5m, at most every 1h',
      ],
      ['rule', 'job-exception of sim', 'when event.exception.type == "oom"', '4 times, in explore or refine'],
      ['rule', 'state refine'],
      ['code', 'look()'],
      ['time', 'every 90s', 'backoff 3'],
      ['resources', 'resources'],
      ['rule', 'job-fail'],
      ['end', 'end'],
      ['rule', 'job-fail of sim', '2 times', 'replace-failures'],
      ['rule', 'count.sim.failed > 2', 'replace-failures'],
    ]);
  });

  test('has an edge for everything that a rule watches, does, and leads to', () => {
    expect(
      graph.edges.map(({ from, to, kind, label }) => `${from} ${kind} ${to} ${label}`.trimEnd()),
    ).toEqual([
      'rule0 does group0 submit',
      'group0 looks rule1',
      'group1 looks rule1',
      'state0 judged rule1',
      'rule1 does group1 submit 2',
      'rule1 goes state1 go to',
      'group0 looks rule2',
      'rule2 does group0 cancel the job',
      'state1 judged rule3',
      'rule3 does custom-look call',
      'rule4 does resources grow 2',
      'rule5 does end',
      'group0 looks rule6',
      'rule6 does group0 submit 1',
      'group0 looks rule7',
      'rule7 does group0 cancel',
    ]);
  });
});

describe('a graph as Mermaid', () => {
  test('escapes characters that have a meaning there', () => {
    const lines = toMermaid(graph).split('\n');
    expect(lines[0]).toBe('flowchart TB');
    expect(lines).toContain(
      '  n3("a #34;b#34; #60;c#62; #38; end#93;<br/>1 × echo #34;#124;#34; #35;1"):::group_',
    );
    expect(lines).toContain('  n0 -.-> n5');
    expect(lines).toContain('  n5 ==>|"submit 2"| n3');
    expect(lines).toContain('  n11 ==> n12');
    // Between two quotes, only the second quote ends the text.
    for (const line of lines) expect((line.match(/"/g) ?? []).length % 2, line).toBe(0);
  });
});

describe('a graph as SVG', () => {
  test('shows every node, escaped, and has a name for the picture', async () => {
    const svg = await toSvg(graph, 'a & b.yaml', 'a test');
    expect(svg).toContain('<title>a &amp; b.yaml</title>');
    expect(svg.match(/class="node"/g)).toHaveLength(graph.nodes.length);
    expect(svg.match(/class="edge"/g)).toHaveLength(graph.edges.length);
    expect(svg).toMatch(/>a &quot;b&quot; &lt;c&gt; &amp; end\]<|>a "b" &lt;c&gt; &amp; end\]</);
    expect(svg).not.toContain('<c>');
  });
});
