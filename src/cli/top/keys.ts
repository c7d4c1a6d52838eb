/** Keys, as a terminal sends them. */

/** Sequences of keys without a character of their own. */
const SEQUENCES: Readonly<Record<string, string>> = {
  ...{ '[A': 'up', '[B': 'down', '[C': 'right', '[D': 'left' },
  ...{ OA: 'up', OB: 'down', OC: 'right', OD: 'left' },
  ...{ '[H': 'home', '[F': 'end', OH: 'home', OF: 'end' },
  ...{ '[1~': 'home', '[4~': 'end', '[7~': 'home', '[8~': 'end' },
  ...{ '[5~': 'pgup', '[6~': 'pgdn', '[Z': 'backtab' },
};

const CONTROLS: Readonly<Record<string, string>> = {
  ...{ '\r': 'enter', '\n': 'enter', '\t': 'tab', '\x7f': 'backspace', '\b': 'backspace' },
  ...{ '\x03': 'ctrl-c', '\x04': 'ctrl-d', '\x0c': 'ctrl-l', '\x15': 'ctrl-u', '\x1a': 'ctrl-z' },
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are sent as control characters
const KEY = /\x1b(\[[0-9;?<=>]*[A-Za-z~]|O[A-Za-z])|\x1b|[\s\S]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const BEGINNING = /\x1b(?:\[[0-9;?<=>]*|O)?$/;

/** Whether a key may go on in the next piece of input. */
export function isCut(input: string): boolean {
  return BEGINNING.test(input);
}

/**
 * Returns the names of the keys in a piece of input: `up`, `enter`, `esc`, or a character. Unknown sequences and control
 * characters are left out.
 */
export function keysOf(input: string): string[] {
  const keys: string[] = [];
  for (const [text, sequence] of input.matchAll(KEY)) {
    if (sequence !== undefined) {
      const key = SEQUENCES[sequence];
      if (key !== undefined) keys.push(key);
    } else if (text === '\x1b') {
      keys.push('esc');
    } else if (text >= ' ' && text !== '\x7f') {
      keys.push(text);
    } else {
      const key = CONTROLS[text];
      if (key !== undefined) keys.push(key);
    }
  }
  return keys;
}
