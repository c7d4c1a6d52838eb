import { describe, expect, test } from 'vitest';
import { good, runChild } from './child.js';

describe('a listener that throws', () => {
  test('causes an uncaught exception, which ends the process with a stack instead of an abort', async () => {
    const ending = await runChild('listener', ['unhandled'], 10);
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('Error: thrown on purpose 1\n');
  });

  test('does not lose other firings and answers when the program handles it', async () => {
    const ending = await runChild('listener', ['handled'], 10);
    expect(ending).toMatchObject({ ...good, said: [{ fired: 200, failures: 11, answered: 3 }] });
  });
});
