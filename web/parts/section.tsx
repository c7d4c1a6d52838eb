/** A part of a page with its heading. */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface SectionProps {
  readonly title: string;
  readonly note?: string | null;
  readonly children: ComponentChildren;
}

export function Section({ title, note = null, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {title}
        {note === null ? null : <small> {note}</small>}
      </h2>
      {children}
    </section>
  );
}

/** An error of a request, where its answer would be. */
export function Failure({ error }: { readonly error: Error | null }) {
  return error === null ? null : (
    <p class="failure" role="alert">
      {error.message}
    </p>
  );
}

/** A list that shows its first items, and more of them on request. */
export function MoreButton(props: {
  readonly shown: number;
  readonly all: number;
  readonly more: () => void;
}) {
  const { shown, all, more } = props;
  if (shown >= all) return null;
  return (
    <button type="button" class="quiet more" onClick={more}>
      Show more ({shown} of {all.toLocaleString('en-US')})
    </button>
  );
}
