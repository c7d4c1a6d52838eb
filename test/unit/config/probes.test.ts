import { describe, expect, test } from 'vitest';
import { diagnose, single } from '../../support/config.js';

/** A group that a plugin's probes measure, and a rule about it. */
function study(probes: string, when = 'count.melt.failed > 1', name = 'melt'): string {
  return `plugins: [lammps]
jobs:
  - name: ${name}
    command: lmp -in in.melt
    probes: ${probes}
  - {name: plot, command: 'true'}
rules:
  - {trigger: metric, when: '${when}', action: {name: terminate}}
  - {trigger: start, action: {name: exec, command: submits-the-first}}
`;
}

const told = (...given: Parameters<typeof study>) => diagnose(study(...given)).map(({ message }) => message);

describe('probes', () => {
  test.each([
    'mean.melt-temperature > 300',
    'min.melt-energy < -2.5 and last.melt-wall_time > 1h',
    'p95.melt-energy > 1',
    'median(melt.temperature, 10m) > 300 and pmad.melt-temperature < 1',
    'count.melt-energy > 3',
    'mean.melt-duration > 1',
  ])('measure variables of their group: %s', (when) => {
    expect(told('[{probe: lammps.thermo}]', when)).toEqual([]);
  });

  test('may depend on their options, and several measure in parallel', () => {
    const both = `[{probe: lammps.thermo}, {probe: lammps.thermo, with: {columns: {pressure: Press}}, timeout: 5s}]`;
    expect(told(both, 'mean.melt-pressure > mean.melt-temperature')).toEqual([]);
  });

  test.each([
    [
      '[{probe: lammps.termo}]',
      "5:22 jobs[0].probes[0].probe unknown probe 'lammps.termo'; did you mean 'lammps.thermo'?",
    ],
    [
      '[{probe: lammps.check}]',
      "5:22 jobs[0].probes[0].probe unknown probe 'lammps.check'; did you mean 'lammps.thermo'?",
    ],
    [
      '[{probe: lamps.thermo}]',
      "5:22 jobs[0].probes[0].probe unknown probe 'lamps.thermo'; did you mean 'lammps.thermo'?",
    ],
    [
      '[{probe: lammps.thermo, with: {colums: {}}}]',
      /^5:44 jobs\[0\]\.probes\[0\]\.with\.colums unknown key 'colums'; did you mean 'columns'\?/,
    ],
    ['[{probe: lammps.thermo, with: {columns: {T: ""}}}]', /^5:57 jobs\[0\]\.probes\[0\]\.with\.columns\.T /],
    [
      '[{probe: lammps.thermo}, {probe: lammps.thermo}]',
      "5:46 jobs[0].probes[1].probe lammps.thermo has a value called 'temperature', which already is a variable of the group",
    ],
    [
      '[{probe: lammps.thermo, with: {columns: {pending: Temp}}}]',
      /5:22 .*has a value called 'pending', which already is a variable of the group$/,
    ],
    [
      '[{probe: lammps.thermo, with: {columns: {my-temperature: Temp}}}]',
      /5:22 .*has a value called 'my-temperature'; such a name has only letters, digits and _$/,
    ],
    ['[{probe: lammps.thermo, with: {columns: {}}}]', /5:22 .*does not list its values/],
    ['[{with: {}}]', /^5:14 jobs\[0\]\.probes\[0\]/],
    [
      '[{probe: thermo}]',
      /^5:22 jobs\[0\]\.probes\[0\]\.probe must be a probe of a plugin, like lammps\.thermo;/,
    ],
    [
      'lammps.thermo',
      /^5:13 jobs\[0\]\.probes must be a list of probes, like \[\{probe: lammps\.thermo\}\];/,
    ],
    [
      '[{probe: lammps.thermo, timeout: 0}]',
      /^5:46 jobs\[0\]\.probes\[0\]\.timeout must be a duration above 0/,
    ],
    [
      '[{probe: lammps.thermo, timeout: 100d}]',
      /^5:46 jobs.0..probes.0..timeout must be a duration .*2147483s at most; found the string '100d'/,
    ],
  ])('that are wrong are reported: %s', (probes, message) => {
    expect(single(study(probes))).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  test.each([
    ['mean.melt-temprature > 1', "unknown variable 'temprature'; did you mean 'temperature'?"],
    ['mean(melt.enrgy, 1m) > 1', "unknown variable 'enrgy'; did you mean 'energy'?"],
    ['mean.plot-temperature > 1', "unknown variable 'temperature'; there are duration and pending"],
    [
      'mean.melt-x > 1',
      "unknown variable 'x'; there are duration, pending, temperature, energy and wall_time",
    ],
  ])('do not measure the metric in %s', (when, message) => {
    expect(told('[{probe: lammps.thermo}]', when)).toEqual([message]);
  });

  test('that are wrong are the only report', () => {
    const when = 'mean.melt-temperature > 1 and p95(melt.energy, 1m) > 1';
    for (const probes of ['[{probe: lammps.termo}]', '[{prob: lammps.thermo}]', '[4]', '4']) {
      expect(told(probes, when).filter((message) => /variable|group/.test(message))).toEqual([]);
      expect(told(probes, when)).not.toEqual([]);
    }
    const unreadable = told('[{probe: lammps.thermo}]', when, '[]');
    expect(unreadable).toEqual([expect.stringContaining('must be a string')]);
    const misspelt = told('[{probe: lammps.thermo}]', 'mean.metl-temperature > 1');
    expect(misspelt).toEqual(["unknown job group 'metl'; did you mean 'melt'?"]);
  });

  test('of all entries belong to the group', () => {
    const text = study('[{probe: lammps.thermo}]', 'mean.melt-pressure > mean.melt-energy').replace(
      'rules:',
      `  - name: melt
    command: 'true'
    probes: [{probe: lammps.thermo, with: {columns: {pressure: Press}}}]
rules:`,
    );
    expect(diagnose(text)).toEqual([]);
  });

  test('get their values from the tests', () => {
    const tests = (probes: string, metric = 'mean.melt-energy') => `${study('[{probe: lammps.thermo}]')}tests:
  - name: t
    jobs: {melt: {duration: 1s, probes: ${probes}}}
    expect: {metrics: {${metric}: -2}}
`;
    expect(diagnose(tests('{energy: [-1, -3], wall_time: 2}'))).toEqual([]);
    expect(single(tests('{enrgy: 1}'))).toContain(
      "tests[0].jobs.melt.probes.enrgy no probe of 'melt' measures 'enrgy'; did you mean 'energy'?",
    );
    expect(single(tests('{duration: 1}'))).toContain(
      "no probe of 'melt' measures 'duration'; they measure temperature, energy and wall_time",
    );
    expect(single(tests('{energy: hot}'))).toContain('must be a number, or a list of numbers');
    expect(single(tests('{energy: 1}', 'mean.melt-enrgy'))).toContain("unknown variable 'enrgy'");
  });
});
