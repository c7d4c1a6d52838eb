import { expect, test } from 'vitest';
import { formatDiagnostics } from '../../../src/config/source/format.js';
import { formatPath } from '../../../src/text/path.js';

const slep = {
  severity: 'error',
  path: 'rules[1].action.label',
  message: "unknown job group 'slep'",
} as const;

test('writes diagnostics as compilers do', () => {
  const inFile = { ...slep, file: 'e.yaml', line: 12, column: 14 };
  const inText = { ...slep, severity: 'warning' as const, file: null, line: 12, column: 14 };
  const inObject = { ...slep, path: '', file: null, line: null, column: null };
  expect(formatDiagnostics([inFile, inText, inObject])).toBe(
    "e.yaml:12:14: error: rules[1].action.label: unknown job group 'slep'\n" +
      "12:14: warning: rules[1].action.label: unknown job group 'slep'\n" +
      "error: unknown job group 'slep'",
  );
  expect(formatDiagnostics([])).toBe('');
});

test('keeps each diagnostic on one line, whatever it quotes', () => {
  const evil = { ...slep, message: 'a\nb\u001b[31m\u202e', file: 'x\ny', line: 1, column: 1 };
  const text = formatDiagnostics([evil]);
  expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(text).toContain('a\\nb\\u001b[31m\\u202e');
});

test('writes paths', () => {
  expect(formatPath([])).toBe('');
  expect(formatPath(['jobs', 0, 'environment', 'A B'])).toBe('jobs[0].environment["A B"]');
});
