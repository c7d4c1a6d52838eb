/** Options whose value is a count. */

import { InvalidArgumentError } from 'commander';

/** Returns a parser of counts from 0 on; `items` are what is counted, as `jobs`. */
export function countOption(items: string): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new InvalidArgumentError(`It must be a number of ${items}.`);
  };
}
