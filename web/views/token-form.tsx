/** Asks for the token of the server. */

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Session } from '../api/session.js';

export function TokenForm({ session }: { readonly session: Session }) {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') session.set(text);
      }}
    >
      <h1>This server requires a token</h1>
      <p>It is in the token file of the server. This browser tab keeps it until the tab is closed.</p>
      {session.refusal === null ? null : (
        <p class="failure" role="alert">
          {session.refusal}
        </p>
      )}
      <label for={id}>Token</label>
      <input
        ref={input}
        id={id}
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit">Continue</button>
    </form>
  );
}
