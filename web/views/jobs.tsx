/** The jobs of a run: a page of them by a query, and the output of one. */

import { useId, useState } from 'preact/hooks';
import { type Client, pathOf, withQuery } from '../../src/api/client/client.js';
import type { JobsPage } from '../api/types.js';
import { formatCount } from '../format/numbers.js';
import { useLoaded } from '../parts/hooks.js';
import { Failure, Section } from '../parts/section.js';
import { Select } from '../parts/select.js';
import { EMPTY_QUERY, type JobsQuery, RESULT_NAMES } from '../store/jobs-query.js';
import { JobDialog } from './job-dialog.js';
import { JobsTable } from './jobs-table.js';

const PAGE = 50;

interface JobsProps {
  readonly client: Client;
  readonly id: string;
  readonly groups: readonly string[];
}

export function Jobs({ client, id, groups }: JobsProps) {
  const [query, setQuery] = useState<JobsQuery>(EMPTY_QUERY);
  // The cursors of the pages up to the present one; the first page has none.
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const [round, setRound] = useState(0);
  const [job, setJob] = useState<string | null>(null);
  const cursor = cursors.at(-1) ?? null;
  const path = withQuery(pathOf(id, 'jobs'), { ...query, limit: PAGE, cursor });
  const { value, error, loading } = useLoaded(
    (signal) => client.get<JobsPage>(path, signal),
    `${path} ${round}`,
  );
  const change = (next: JobsQuery) => {
    setQuery(next);
    setCursors([null]);
  };
  const first = (cursors.length - 1) * PAGE;
  return (
    <Section title="Jobs">
      <Filter query={query} groups={groups} change={change} refresh={() => setRound(round + 1)} />
      <Failure error={error} />
      {value?.damage ? <p class="failure">{value.damage}</p> : null}
      <p role="status" class="facts">
        {value === null ? (
          <span>{loading ? 'Loading…' : ''}</span>
        ) : (
          <span>
            {value.jobs.length === 0
              ? 'No jobs match'
              : `${formatCount(first + 1)}–${formatCount(first + value.jobs.length)} of ${formatCount(value.matching)} jobs`}
            {value.matching < value.total ? ` (${formatCount(value.total)} in all)` : ''}
          </span>
        )}
      </p>
      {value === null || value.jobs.length === 0 ? null : (
        <JobsTable page={value} query={query} change={change} open={setJob} />
      )}
      <p class="pages">
        <button
          type="button"
          disabled={cursors.length === 1}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Previous
        </button>{' '}
        <button
          type="button"
          disabled={value === null || value.next === null || loading}
          onClick={() => value !== null && setCursors([...cursors, value.next])}
        >
          Next
        </button>
      </p>
      {job === null ? null : <JobDialog client={client} id={id} job={job} close={() => setJob(null)} />}
    </Section>
  );
}

interface FilterProps {
  readonly query: JobsQuery;
  readonly groups: readonly string[];
  readonly change: (query: JobsQuery) => void;
  readonly refresh: () => void;
}

function Filter({ query, groups, change, refresh }: FilterProps) {
  const [where, setWhere] = useState(query.where);
  const id = useId();
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        if (where.trim() === query.where) refresh();
        else change({ ...query, where: where.trim() });
      }}
    >
      <Select
        label="Group"
        empty="all"
        value={query.group}
        options={groups}
        change={(group) => change({ ...query, where: where.trim(), group })}
      />
      <Select
        label="Result"
        empty="all"
        value={query.result}
        options={RESULT_NAMES}
        change={(result) => change({ ...query, where: where.trim(), result })}
      />
      <label class="grows" for={id}>
        Where
        <input
          id={id}
          type="text"
          spellcheck={false}
          autocapitalize="off"
          placeholder="duration > 1h or exit == 137"
          value={where}
          onInput={(event) => setWhere(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}
