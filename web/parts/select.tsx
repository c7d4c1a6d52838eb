/** A choice of one of several texts, with its label. */

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly change: (value: string) => void;
  /** The name of the empty text; without it, one of the options must be chosen. */
  readonly empty?: string;
  /** The text of an option; by default the option itself. */
  readonly textOf?: (option: string) => string;
}

export function Select({ label, value, options, change, empty, textOf = (option) => option }: SelectProps) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={(event) => change(event.currentTarget.value)}>
        {empty === undefined ? null : <option value="">{empty}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {textOf(option)}
          </option>
        ))}
      </select>
    </label>
  );
}
