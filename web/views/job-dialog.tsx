/** One job: its facts and its output. */

import { useState } from 'preact/hooks';
import { type Client, pathOf, withQuery } from '../../src/api/client/client.js';
import type { JobWithFiles } from '../api/types.js';
import { formatBytes } from '../format/numbers.js';
import { formatValue, plainOutput } from '../format/text.js';
import { formatSeconds, formatTime } from '../format/times.js';
import { Dialog } from '../parts/dialog.js';
import { useLoaded } from '../parts/hooks.js';
import { Failure } from '../parts/section.js';

/** Bytes of an output that are shown: its last ones. */
const TAIL = 65_536;
const STREAMS = ['output', 'error'] as const;
type Stream = (typeof STREAMS)[number];
const TITLES: Readonly<Record<Stream, string>> = { output: 'Standard output', error: 'Standard error' };

interface JobProps {
  readonly client: Client;
  readonly id: string;
  readonly job: string;
  readonly close: () => void;
}

export function JobDialog({ client, id, job, close }: JobProps) {
  const path = pathOf(id, 'jobs', job);
  const { value, error } = useLoaded((signal) => client.get<JobWithFiles>(path, signal), path);
  const [chosen, setStream] = useState<Stream | null>(null);
  const stream = chosen ?? (value === null ? 'output' : usualStream(value));
  return (
    <Dialog title={`Job ${job}`} close={close} wide>
      <Failure error={error} />
      {value === null ? error === null ? <p>Loading…</p> : null : <Facts value={value} />}
      {value === null ? null : (
        <>
          <fieldset class="choice">
            <legend>Output</legend>
            {STREAMS.map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="stream"
                  checked={stream === each}
                  disabled={value[each] === null}
                  onChange={() => setStream(each)}
                />{' '}
                {TITLES[each]} <small>{sizeOf(value[each])}</small>
              </label>
            ))}
          </fieldset>
          <Output key={stream} client={client} path={path} stream={stream} file={value[stream]} />
        </>
      )}
    </Dialog>
  );
}

/** The stream that is shown first. A failed job usually says why on standard error. */
function usualStream({ job, output, error }: JobWithFiles): Stream {
  if (output?.path === null && error?.path === null) return job.result === 'failed' ? 'error' : 'output';
  return error?.bytes && !output?.bytes ? 'error' : 'output';
}

function sizeOf(file: JobWithFiles['output']): string {
  if (file === null) return '(not kept here)';
  if (file.path === null) return '(in Flux)';
  return file.bytes === null ? '(nothing)' : `(${formatBytes(file.bytes)})`;
}

function Facts({ value: { job, attempts } }: { readonly value: JobWithFiles }) {
  const number = (name: string) => (typeof job[name] === 'number' ? (job[name] as number) : null);
  const parameters = Object.entries((job.parameters ?? {}) as Readonly<Record<string, unknown>>);
  const facts: (readonly [string, string])[] = [
    ['group', formatValue(job.group)],
    ['result', formatValue(job.result)],
    ...(number('exit') === null ? [] : [['exit', String(number('exit'))] as const]),
    ...(typeof job.signal === 'string' ? [['signal', job.signal] as const] : []),
    ['submitted', formatTime(number('submit'))],
    ['pending', formatSeconds(number('pending'))],
    ['duration', formatSeconds(number('duration'))],
    ...(attempts > 1 ? [['attempts', String(attempts)] as const] : []),
    ...parameters.map(([name, of]) => [name, formatValue(of)] as const),
    ...valuesOf(job),
  ];
  return (
    <dl class="numbers small">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Values that probes measured of the job, and that it told. */
function valuesOf(job: JobWithFiles['job']): [string, string][] {
  return Object.entries(job).flatMap(([column, value]): [string, string][] => {
    const name = /^(?:measured|told)\.(.+)$/.exec(column)?.[1];
    return name === undefined || value === null ? [] : [[name, formatValue(value)]];
  });
}

const NOTHING = { text: '', isCut: false };

interface OutputProps {
  readonly client: Client;
  readonly path: string;
  readonly stream: Stream;
  readonly file: JobWithFiles['output'];
}

function Output({ client, path, stream, file }: OutputProps) {
  const { value, error } = useLoaded(async (signal) => {
    // The size of an output in Flux is known only when it is read.
    if (!file?.bytes && file?.path !== null) return NOTHING;
    const response = await client.send(withQuery(`${path}/output`, { stream, tail: TAIL }), { signal });
    return { text: plainOutput(await response.text()), isCut: response.status === 206 };
  }, `${path} ${stream}`);
  if (error !== null) return <Failure error={error} />;
  if (value === null) return <p>Loading…</p>;
  if (value.text === '') return <p>It has written nothing.</p>;
  return (
    <>
      {value.isCut ? <p>The last {formatBytes(TAIL)}:</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls the text only when it can have the focus */}
      <section class="output" tabIndex={0} aria-label={TITLES[stream]}>
        <pre>{value.text}</pre>
      </section>
      <p class="path">{file?.path}</p>
    </>
  );
}
