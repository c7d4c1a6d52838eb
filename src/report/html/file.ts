/** The file of the ensemble. */

import type { ReportContent, Section } from './content.js';
import { html, lines } from './html.js';
import { cut } from './parts.js';

const MAX_CHARACTERS = 500_000;

export function fileSection({ file }: ReportContent): Section {
  return {
    id: 'file',
    title: 'The file',
    body:
      file === null
        ? html`<p>The file of the ensemble is unknown.</p>`
        : html`<p>${file.name}${file.text.length > MAX_CHARACTERS ? ` (the first ${MAX_CHARACTERS} characters)` : null}</p>
<pre tabindex="0">${lines(cut(file.text, MAX_CHARACTERS))}</pre>
`,
  };
}
