/** The report of a run as one HTML page without scripts, which loads nothing. */

import type { ReportContent, Section } from './content.js';
import { JobFigures } from './figures.js';
import { type Html, html } from './html.js';
import { sections } from './sections.js';
import { styles } from './styles.js';

/** Identifies a page as a report. */
export const GENERATOR = 'flux-ensemble report';

/** Allows the style sheet in the page, and nothing else. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Returns the page. */
export function reportPage(content: ReportContent): string {
  const figures = new JobFigures(content);
  const shown = sections.map((section) => section(content, figures));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="${GENERATOR}">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${content.title} – ${content.subtitle}</title>
<style>${styles}</style>
</head>
<body>
<header>
<h1>${content.title}</h1>
<p class="sub">${content.subtitle} <span class="end ${content.end.kind}">${content.end.text}</span></p>
${content.warnings.map((warning) => html`<p class="warning"><strong>Warning:</strong> ${warning}</p>`)}
<nav aria-label="Sections">${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
</header>
<main>
${shown.map(sectionOf)}
</main>
</body>
</html>
`.toString();
}

function sectionOf({ id, title, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;
}
