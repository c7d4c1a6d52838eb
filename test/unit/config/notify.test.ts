import { describe, expect, test } from 'vitest';
import { diagnose, read } from '../../support/config.js';

const file = (notify: string, action = '{name: submit, label: a}') => `
notify:
  - ${notify}
jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: ${action}}
`;

const SECRET = 'T0P53CR3T-value';

const errors = (notify: string, action?: string) =>
  diagnose(file(notify, action))
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message, line }) => `${line} ${path}: ${message}`);

describe('targets', () => {
  test('have defaults', () => {
    const [target] = read(file('{email: me@site.org}')).config.notify;
    expect(target).toEqual({
      name: 'email',
      channel: {
        ...{ kind: 'email', to: ['me@site.org'], from: null, sendmail: null },
        ...{ smtp: null, user: null, password: null },
      },
      on: ['end', 'problem'],
      title: null,
      text: null,
      every: 60,
      timeout: 10,
    });
  });

  test.each([
    ['{name: x}', /^3 notify\[0\]: the target needs one of webhook, /],
    ['{webhook: http://a, email: me}', /^3 notify\[0\]\.email: .* this one has webhook too/],
    ['{webhok: http://a}', /unknown key 'webhok'; did you mean 'webhook'\?/],
    ['{webhook: htp//a}', /webhook: must be a URL of http or https/],
    ['{webhook: "ftp://a"}', /webhook: must be a URL of http or https/],
    ['{email: "a b"}', /email: must be an address/],
    ['{email: me, smtp: "http://mail"}', /smtp: must be smtp:/],
    ['{email: me, token: "file:x"}', /token: email has no token/],
    ['{program: echo}', /program: must be a program and its arguments/],
    ['{email: me, on: [ends]}', /on\[0\]: must be one of end, .* did you mean 'end'\?/],
    ['{email: me, text: "{{grup}}"}', /text: unknown name '{{grup}}'; did you mean 'group'\?/],
    ['{email: me, title: "{{metrics.count.b.failed}}"}', /title: .*'b'/],
    ['{email: me}\n  - {email: you}', /^4 notify\[1\]: two targets have the name 'email'/],
  ])('%s is refused', (notify, expected) => {
    expect(errors(notify)).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    `{slack: "https://hooks.slack.com/services/T1/B2/${SECRET}"}`,
    `{teams: "https://x.webhook.office.com/${SECRET}"}`,
    `{webhook: "https://hooks.slack.com/services/T1/B2/${SECRET}"}`,
    `{webhook: "https://me:${SECRET}@site.org/"}`,
    `{ntfy: "https://site.org/?token=${SECRET}"}`,
    `{webhook: "http://a", token: ${SECRET}}`,
    `{webhook: "http://a", token: "Bearer-\${X}-${SECRET}"}`,
    '{webhook: "http://a", token: 80539731}',
    `{email: me, smtp: "smtp://mail", user: me, password: ${SECRET}}`,
  ])('%s has a secret, which is refused and not shown', (notify) => {
    const [error = '', ...others] = errors(notify);
    expect(others).toEqual([]);
    expect(error).toContain('must not stand in the file');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as users see it
    expect(error).toContain('write ${NAME} for a variable of the environment, or file:PATH');
    expect(error).not.toMatch(/T0P53CR3T|80539731/);
  });

  test.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
    '{webhook: "https://me:${PASSWORD}@site.org/?token=${TOKEN}"}',
    '{slack: "file:~/slack"}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
    '{email: [a@b.org, "Me <me@b.org>"], smtp: "smtps://mail:465", user: me, password: "${P}"}',
    '{program: [./tell.sh, a b], on: [], text: "{{metrics.count.a.failed}} {{failed}}"}',
  ])('%s is valid', (notify) => {
    expect(errors(notify)).toEqual([]);
  });
});

describe('the action', () => {
  test.each([
    [
      '{name: notify, label: mial, text: x}',
      /^7 rules\[1\].action.label: unknown target 'mial'; did you mean 'mail'\?/,
    ],
    ['{name: notify, text: x}', /'label' is missing: notify needs the name of a target/],
    ['{name: notify, label: mail}', /'text' is missing: notify needs a message/],
    [
      '{name: notify, label: mail, text: "{{event.idd}}"}',
      /unknown name '{{event.idd}}'; did you mean 'event.id'\?/,
    ],
  ])('%s is refused', (action, expected) => {
    expect(errors('{name: mail, email: me}', action)).toEqual([expect.stringMatching(expected)]);
  });

  test('needs targets', () => {
    const text = file('{email: me}', '{name: notify, label: mail, text: x}').replace(/notify:\n.*\n/, '');
    expect(diagnose(text).map(({ message }) => message)).toEqual([
      "unknown target 'mail'; the file has no 'notify'",
    ]);
  });
});
