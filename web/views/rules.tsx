/** The rules of a run, with how far each is from firing. */

import { useState } from 'preact/hooks';
import { type Condition, distanceOf } from '../../src/api/client/distance.js';
import type { RuleResource } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { counted } from '../format/text.js';
import { formatTime } from '../format/times.js';
import { memo } from '../parts/memo.js';
import { MoreButton, Section } from '../parts/section.js';

const STEP = 50;
const KINDS: Readonly<Record<RuleResource['state'], string>> = {
  inactive: 'calm',
  pending: 'warn',
  'held-back': 'warn',
  firing: 'good',
  exhausted: 'calm',
};

export function Rules({ rules }: { readonly rules: ReadonlyMap<number, RuleResource> }) {
  const [shown, setShown] = useState(STEP);
  if (rules.size === 0) return null;
  const sorted = [...rules.values()].sort((a, b) => a.rule - b.rule);
  return (
    <Section title="Rules" note={formatCount(rules.size)}>
      <ol class="rules">
        {sorted.slice(0, shown).map((rule) => (
          <Rule key={rule.rule} rule={rule} />
        ))}
      </ol>
      <MoreButton shown={shown} all={sorted.length} more={() => setShown(shown + STEP)} />
    </Section>
  );
}

const Rule = memo(({ rule }: { readonly rule: RuleResource }) => {
  const { state, name, due, conditions, firings, repetitionsLeft, backoffLeft } = rule;
  // The present values say already why it has not fired.
  const isClear = firings === 0 && conditions.some((condition) => distanceOf(condition) !== null);
  const left = state === 'exhausted' || repetitionsLeft > 1e9 ? null : repetitionsLeft;
  return (
    <li class="card">
      <h3>
        <span class="index">{rule.rule}</span> {due} <span class={`badge ${KINDS[state]}`}>{state}</span>
      </h3>
      {conditions.length === 0 ? null : (
        <ul class="conditions">
          {conditions.map((condition) => (
            <ConditionLine key={condition.text} condition={condition} isOnly={condition.text === due} />
          ))}
        </ul>
      )}
      <p class="facts">
        {due.includes(name) ? null : <span>{name}</span>}
        <span>fired {counted(firings, 'time')}</span>
        {left === null ? null : <span>{formatCount(left)} left</span>}
        {backoffLeft > 0 ? <span>skips {formatCount(backoffLeft)}</span> : null}
        {rule.pendingSince === null ? null : <span>holds since {formatTime(rule.pendingSince)}</span>}
        {rule.heldUntil === null ? null : <span>held until {formatTime(rule.heldUntil)}</span>}
        {rule.next === null ? null : <span>next at {formatTime(rule.next)}</span>}
        {rule.in.length === 0 ? null : <span>in {rule.in.join(', ')}</span>}
        {rule.algorithm === null ? null : <span>of {rule.algorithm}</span>}
      </p>
      {rule.why === '' || isClear ? null : <p class="why">{rule.why}</p>}
    </li>
  );
});

const MARKS = { true: ['✓', 'holds'], false: ['✗', 'does not hold'], null: ['?', 'is not known'] } as const;

interface ConditionProps {
  readonly condition: Condition;
  /** The heading shows its text already. */
  readonly isOnly: boolean;
}

function ConditionLine({ condition, isOnly }: ConditionProps) {
  const [mark, words] = MARKS[`${condition.holds}`];
  const distance = distanceOf(condition);
  const values = Object.entries(condition.values);
  return (
    <li>
      <span
        class={`mark ${condition.holds === true ? 'good-text' : ''}`}
        title={words}
        role="img"
        aria-label={words}
      >
        {mark}
      </span>{' '}
      {isOnly ? null : <code>{condition.text}</code>}{' '}
      {distance !== null ? (
        <span class="now">
          now {formatNumber(distance.value)} of {formatNumber(distance.threshold)}
        </span>
      ) : (
        <span class="now">
          {values.map(([name, value]) => `${name} = ${formatNumber(value)}`).join(', ')}
        </span>
      )}
      {distance === null || distance.share === null ? null : (
        <span class="meter" aria-hidden="true">
          <span style={{ width: `${100 * distance.share}%` }} />
        </span>
      )}
    </li>
  );
}
