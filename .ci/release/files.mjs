/** Files of the checkout that the release changes, and restores after a failure. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The changed files of a checkout. */
export class ChangedFiles {
  #root;
  /** Texts before the change, by path. */
  #before = new Map();

  constructor(root) {
    this.#root = root;
  }

  /** Paths of the files that were changed. */
  get paths() {
    return [...this.#before.keys()];
  }

  /** Replaces the text of a file by what the function returns for it. */
  change(path, edit) {
    const before = readFileSync(join(this.#root, path), 'utf8');
    const after = edit(before);
    if (after === before) return;
    if (!this.#before.has(path)) this.#before.set(path, before);
    writeFileSync(join(this.#root, path), after);
  }

  restore() {
    for (const [path, text] of this.#before) writeFileSync(join(this.#root, path), text);
    this.#before.clear();
  }
}
