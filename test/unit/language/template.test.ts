import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillText, fillValue, namesIn } from '../../../src/language/template.js';

const lookup = (name: string) => ({ a: 1, 'b.c-d': 'x & <y>', t: true })[name] ?? `?${name}`;

describe('a template', () => {
  test.each([
    ['{{a}}', '1'],
    ['<{{ a }}> {{b.c-d}} {{{b.c-d}}} {{&b.c-d}}', '<1> x & <y> x & <y> x & <y>'],
    ['{a} {{a}}{{a}} }}', '{a} 11 }}'],
    ['{{! a comment }}b', 'b'],
    ["{{=<% %>=}}'{{.Names}}' <%a%>", "'{{.Names}}' 1"],
    ['{{metrics.mean.a.b-duration}}', '?metrics.mean.a.b-duration'],
  ])('%j is filled in as %j', (text, filled) => {
    expect(fillText(text, lookup)).toBe(filled);
  });

  test('that is a single tag becomes the value of the tag', () => {
    expect([fillValue('{{a}}', lookup), fillValue(' {{a}}', lookup), fillValue('{{t}}', lookup)]).toEqual([
      1,
      ' 1',
      true,
    ]);
  });

  test('lists its names, or reports the mistake in it', () => {
    expect(namesIn('{{a}} {{ b.c }} {{{d}}} {{&e}} {f}')).toEqual({
      ok: true,
      value: ['a', 'b.c', 'd', 'e'],
    });
    for (const bad of ['{{a', '{{#a}}b{{/a}}', '{{^a}}{{/a}}', '{{>a}}', '{{/a}}', '{{#a}}', '{{=a=}}']) {
      expect(namesIn(bad), bad).toMatchObject({ ok: false });
    }
  });

  test('of any text is refused or filled in, and text without tags does not change', () => {
    const piece = fc.oneof(fc.constantFrom('{{', '}}', '{', '}', '#', '=', 'a', ' ', '&', '!'), fc.string());
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const names = namesIn(text);
          if (!names.ok) {
            expect(names.faults).toHaveLength(1);
            return;
          }
          const filled = fillText(text, (name) => `<${name}>`);
          if (!text.includes('{{')) expect(filled).toBe(text);
          for (const name of names.value) expect(filled).toContain(`<${name}>`);
        },
      ),
    );
  });
});
