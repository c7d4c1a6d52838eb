import { describe, expect, it } from 'vitest';
import { good, runChild } from './child.js';

describe('a listener that throws', () => {
  it('makes an uncaught exception, which ends the process with a stack and no abort', async () => {
    const ending = await runChild('listener', ['unhandled'], 10);
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('Error: thrown on purpose 1\n');
  });

  it('loses nobody else a firing or an answer when the program handles it', async () => {
    const ending = await runChild('listener', ['handled'], 10);
    expect(ending).toMatchObject({ ...good, said: [{ fired: 200, failures: 11, answered: 3 }] });
  });
});
