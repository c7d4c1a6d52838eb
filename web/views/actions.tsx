/** Requests actions, after a confirmation. Only callers who may act see it. */

import { useState } from 'preact/hooks';
import { type Client, pathOf } from '../../src/api/client/client.js';
import type { ActionRequest, EnsembleResource, OutcomeResource } from '../api/types.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/section.js';
import { Select } from '../parts/select.js';
import { ACTIONS, type ActionName, questionOf, requestOf } from '../store/actions.js';

interface ActionsProps {
  readonly client: Client;
  readonly ensemble: EnsembleResource;
  readonly groups: readonly string[];
}

export function Actions({ client, ensemble, groups }: ActionsProps) {
  const [asked, setAsked] = useState<ActionRequest | null>(null);
  const [form, setForm] = useState(false);
  const [done, setDone] = useState('');
  const pausing = ensemble.paused ? 'resume' : 'pause';
  return (
    <>
      <p class="actions">
        <button type="button" onClick={() => setAsked({ name: pausing })}>
          {ensemble.paused ? 'Resume rules' : 'Pause rules'}
        </button>
        <button type="button" onClick={() => setForm(true)}>
          Act…
        </button>
        <button type="button" class="danger" onClick={() => setAsked({ name: 'terminate' })}>
          Terminate…
        </button>
        <span role="status">{done}</span>
      </p>
      {form ? (
        <ActionForm
          groups={groups}
          close={() => setForm(false)}
          ask={(request) => {
            setForm(false);
            setAsked(request);
          }}
        />
      ) : null}
      {asked === null ? null : (
        <Confirmation
          client={client}
          id={ensemble.id}
          request={asked}
          close={(text) => {
            setAsked(null);
            setDone(text);
          }}
        />
      )}
    </>
  );
}

interface FormProps {
  readonly groups: readonly string[];
  readonly close: () => void;
  readonly ask: (request: ActionRequest) => void;
}

function ActionForm({ groups, close, ask }: FormProps) {
  const [name, setName] = useState<ActionName>('submit');
  const [group, setGroup] = useState(groups[0] ?? '');
  const [value, setValue] = useState('');
  const form = ACTIONS[name];
  const request = requestOf(name, group, value);
  return (
    <Dialog title="Act" close={close}>
      <form
        class="filter"
        onSubmit={(event) => {
          event.preventDefault();
          if (request !== null) ask(request);
        }}
      >
        <label>
          Action
          <select value={name} onChange={(event) => setName(event.currentTarget.value as ActionName)}>
            {Object.entries(ACTIONS).map(([each, { title }]) => (
              <option key={each} value={each}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {form?.group ? <Select label="Group" value={group} options={groups} change={setGroup} /> : null}
        {form?.value ? (
          <label>
            {form.value}
            {form.optional ? ' (empty: as in the file)' : ''}
            <input
              type="number"
              step="1"
              min="0"
              required={form.optional !== true}
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </label>
        ) : null}
        <button type="submit">Continue</button>
      </form>
    </Dialog>
  );
}

interface ConfirmationProps {
  readonly client: Client;
  readonly id: string;
  readonly request: ActionRequest;
  /** Takes the result in words; empty without one. */
  readonly close: (text: string) => void;
}

function Confirmation({ client, id, request, close }: ConfirmationProps) {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      close((await client.post<OutcomeResource>(pathOf(id, 'actions'), request)).text);
    } catch (cause) {
      setError(cause as Error);
      setBusy(false);
    }
  };
  const isHard = request.name === 'terminate' || request.name === 'cancel';
  return (
    <Dialog title="Are you sure?" close={() => close('')}>
      <p>{questionOf(request)}</p>
      <Failure error={error} />
      <p class="actions">
        <button type="button" onClick={() => close('')}>
          No
        </button>
        <button
          type="button"
          class={isHard ? 'danger' : 'primary'}
          disabled={busy}
          onClick={() => void act()}
        >
          Yes, {request.name}
        </button>
      </p>
    </Dialog>
  );
}
