/** The environment that jobs under Flux inherit from this process. */

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { MemberError } from '../../errors.js';
import { escapeControls } from '../../text/describe.js';

/** These hold only for this process's own connection to its broker. */
const OWN = /^FLUX_(URI|JOB_|TASK_|KVS_NAMESPACE|TERMINUS_SESSION)/;

/**
 * The variables of this process, with others on top. A jobspec is JSON, which holds text only. Throws MemberError for
 * a variable that is not UTF-8: in `process.env` such a value has other bytes already.
 */
export function inheritedEnvironment(onTop: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== '' && !OWN.test(name)) environment[name] = value;
  }
  for (const { name, value, byte } of invalidVariables()) {
    const passed = value === null || environment[name] === value;
    if (passed && !(name in onTop)) throw refusal(name, byte);
  }
  return { ...environment, ...onTop };
}

interface InvalidVariable {
  readonly name: string;
  /** As `process.env` shows it; null when it shows no variable, because the name is invalid. */
  readonly value: string | null;
  /** The first byte that is not UTF-8. */
  readonly byte: number;
}

/** The variables that this process was started with and that are not UTF-8. None where the system does not say. */
function invalidVariables(): InvalidVariable[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/environ');
  } catch {
    return [];
  }
  if (isUtf8(bytes)) return [];
  const found: InvalidVariable[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const zero = bytes.indexOf(0, begin);
    const entry = bytes.subarray(begin, zero < 0 ? bytes.length : zero);
    begin += entry.length + 1;
    const equals = entry.indexOf('=');
    if (equals < 0 || isUtf8(entry)) continue;
    const name = entry.subarray(0, equals);
    const value = isUtf8(name) ? entry.toString('utf8', equals + 1) : null;
    found.push({ name: name.toString('utf8'), value, byte: firstInvalid(entry) });
  }
  return found;
}

function firstInvalid(bytes: Buffer): number {
  let valid = 0;
  // A longer prefix is valid only when it does not end within a character, of which none has more than four bytes.
  for (let end = 1; end <= bytes.length; end++) {
    if (isUtf8(bytes.subarray(valid, end))) valid = end;
    else if (end - valid >= 4) break;
  }
  return bytes[valid] as number;
}

function refusal(name: string, byte: number): MemberError {
  return new MemberError(
    `the environment variable ${escapeControls(name)} is not UTF-8 (byte 0x${byte.toString(16)}), and Flux takes the ` +
      'environment of jobs as text. Unset it, or set it under `environment`, or say `inheritEnvironment: false`',
  );
}
