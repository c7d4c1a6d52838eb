/** The token of this browser tab. It leaves the tab only in the header Authorization. */

import { Observable } from '../../src/api/client/observable.js';

const KEY = 'flux-ensemble-token';

/** The part of `sessionStorage` that is used. */
export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class Session extends Observable {
  readonly #storage: TokenStorage;
  #needed = false;
  #refusal: string | null = null;

  constructor(storage: TokenStorage) {
    super();
    this.#storage = storage;
  }

  get token(): string | null {
    return this.#storage.getItem(KEY);
  }

  /** The server has asked for a token. */
  get needed(): boolean {
    return this.#needed;
  }

  /** The reason why the last token was refused; null before the first one. */
  get refusal(): string | null {
    return this.#refusal;
  }

  set(token: string): void {
    this.#storage.setItem(KEY, token.trim());
    this.#needed = false;
    this.#refusal = null;
    this.emit();
  }

  /** Forgets the token. */
  forget(): void {
    this.#storage.removeItem(KEY);
    this.#needed = true;
    this.#refusal = null;
    this.emit();
  }

  /** The server did not accept the token, or the lack of one. */
  refused(reason: string): void {
    if (this.#needed) return;
    this.#refusal = this.token === null ? null : reason;
    this.#storage.removeItem(KEY);
    this.#needed = true;
    this.emit();
  }
}
