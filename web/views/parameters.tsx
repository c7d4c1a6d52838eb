/** Parameters of jobs against their times, measured values and failures. */

import { useState } from 'preact/hooks';
import { type Client, pathOf, withQuery } from '../../src/api/client/client.js';
import type { HeatMapResource, ScatterResource, VariablesResource } from '../api/types.js';
import { useLoaded } from '../parts/hooks.js';
import { Failure, Section } from '../parts/section.js';
import { Select } from '../parts/select.js';
import { type Choice, type Choices, choicesOf, RESULT, titleOf } from '../store/parameters.js';
import { HeatMap } from './heat-map.js';
import { Scatter } from './scatter.js';

/** Seconds between two looks at the jobs of a run that goes on. */
const PACE = 10;
const NOTHING: Choice = { x: '', y: '', color: '' };

interface ParametersProps {
  readonly client: Client;
  readonly id: string;
  readonly groups: readonly string[];
  readonly goesOn: boolean;
}

export function Parameters({ client, id, groups, goesOn }: ParametersProps) {
  const [chosen, setGroup] = useState('');
  const [wanted, setWanted] = useState<Choice>(NOTHING);
  const group = chosen === '' ? (groups[0] ?? '') : chosen;
  const pace = goesOn ? PACE : null;
  const path = withQuery(pathOf(id, 'variables'), { group });
  const { value, error } = useLoaded((signal) => client.get<VariablesResource>(path, signal), path, pace);
  if (group === '') return <p>No jobs have been submitted.</p>;
  const choices = value === null ? null : choicesOf(value.variables, wanted);
  const change = (part: Partial<Choice>) => setWanted({ ...(choices ?? NOTHING), ...part });
  return (
    <Section title="Jobs by their parameters">
      <p class="filter">
        <Select label="Group" value={group} options={groups} change={setGroup} />
        {choices === null ? null : (
          <>
            <Select
              label="X axis"
              value={choices.x}
              options={choices.xs}
              textOf={titleOf}
              change={(x) => change({ x })}
            />
            <Select
              label="Y axis"
              value={choices.y}
              options={choices.ys}
              textOf={titleOf}
              change={(y) => change({ y })}
            />
            {choices.colors.length === 0 ? null : (
              <Select
                label="Color"
                value={choices.color}
                options={choices.colors}
                textOf={titleOf}
                change={(color) => change({ color })}
              />
            )}
          </>
        )}
      </p>
      <Failure error={error} />
      {value?.damage ? <p class="failure">{value.damage}</p> : null}
      {value !== null && choices === null ? (
        <p>The jobs of this group have no parameters, no measured values and no times yet.</p>
      ) : null}
      {choices === null ? null : (
        <Plotted client={client} id={id} group={group} choices={choices} pace={pace} />
      )}
    </Section>
  );
}

interface PlottedProps {
  readonly client: Client;
  readonly id: string;
  readonly group: string;
  readonly choices: Choices;
  readonly pace: number | null;
}

function Plotted({ client, id, group, choices, pace }: PlottedProps) {
  const { plot, x, y, color, colors } = choices;
  const isOneRow = plot === 'heatmap' && colors.length === 0;
  const query =
    plot === 'heatmap'
      ? { group, x, y: isOneRow ? null : y, value: color }
      : { group, x, y, color: color === RESULT ? null : color };
  const path = withQuery(pathOf(id, plot), query);
  const load = async (signal: AbortSignal) => ({
    choices,
    answer: await client.get<HeatMapResource | ScatterResource>(path, signal),
  });
  const { value, error } = useLoaded(load, path, pace);
  return (
    <>
      <Failure error={error} />
      {value === null ? null : 'cells' in value.answer ? (
        <HeatMap map={value.answer} choices={value.choices} />
      ) : (
        <Scatter scatter={value.answer} choices={value.choices} />
      )}
    </>
  );
}
