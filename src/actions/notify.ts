/** `notify`: a message to a target of the file. It is sent beside the run, which does not wait for it. */

import { fillText, isTemplate } from '../language/template.js';
import { escapeControls } from '../text/describe.js';
import { defineAction } from './define.js';
import { messageKey, targetKey } from './keys.js';
import { ruleIndex } from './request.js';
import { tagValues } from './tag-values.js';
import { metricsOf } from './user-code.js';

/** The types of the kind `notify`. */
export interface NotifyKind {
  readonly data: {
    /** The name of the target. */
    readonly label: string;
    /** May hold tags. */
    readonly text: string;
  };
  readonly report: { readonly target: string; readonly text: string };
}

declare module '../model/action.js' {
  interface ActionKinds {
    notify: NotifyKind;
  }
}

export const notify = defineAction({
  name: 'notify',
  description: 'Sends `text` to the target `label` of `notify`, beside the run, which does not wait for it.',
  keys: { label: targetKey, text: messageKey },
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: false,
  wantsEvent: ({ text }) => isTemplate(text),
  target: () => null,
  words: {
    planned: ({ label, text }) => `notify ${escapeControls(label)}: ${escapeControls(text)}`,
    drawn: () => 'notify',
    line: ({ target, text }) => ({ what: `notify ${target}`, note: text }),
    done: ({ target }) => `sent a message to ${target}`,
  },
  perform: async (context, request) => {
    const { label, text } = request.action;
    const { origin } = request;
    const filled = isTemplate(text)
      ? fillText(text, tagValues(request, await metricsOf(context, request)))
      : text;
    const title = origin.kind === 'rule' ? origin.rule.title : `asked by ${origin.askedBy}`;
    request.report({ kind: 'notify', target: label, text: filled });
    request.progress.until(context.notify(label, { title, text: filled }, ruleIndex(request)));
  },
});
