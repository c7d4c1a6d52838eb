/** The environment that jobs under Flux inherit from this process. */

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { MemberError } from '../../errors.js';
import { escapeControls } from '../../text/describe.js';

/** These variables are valid only for this process: its connection to its broker, and its job in another ensemble. */
const OWN = /^(?:FLUX_(?:URI|JOB_|TASK_|KVS_NAMESPACE|TERMINUS_SESSION)|ENSEMBLE_TELL$)/;

/**
 * Returns the variables of this process, overridden by `onTop`. A jobspec is JSON, which holds only text. Throws
 * MemberError for a variable that is not UTF-8, because `process.env` has already replaced its bytes.
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
  /** The value in `process.env`; null when the name is invalid and missing there. */
  readonly value: string | null;
  /** The first byte that is not UTF-8. */
  readonly byte: number;
}

/** Returns the variables of this process that are not UTF-8. Empty where the system does not provide them. */
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
  // A longer prefix is invalid if it ends within a character, which has at most four bytes.
  for (let end = 1; end <= bytes.length; end++) {
    if (isUtf8(bytes.subarray(valid, end))) valid = end;
    else if (end - valid >= 4) break;
  }
  return bytes[valid] as number;
}

function refusal(name: string, byte: number): MemberError {
  return new MemberError(
    `the environment variable ${escapeControls(name)} is not UTF-8 (byte 0x${byte.toString(16)}), and Flux takes the ` +
      'environment of jobs as text. Unset it, set it under `environment`, or add `inheritEnvironment: false`',
  );
}
