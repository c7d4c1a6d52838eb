/**
 * Thermodynamic output in the forms that LAMMPS gives it (docs.lammps.org/thermo_style.html, thermo_modify.html,
 * Howto_structured_data.html):
 *
 *     one, custom   a line of names, and a line of numbers for each row
 *     multi         `------------ Step 100 ----- CPU = 0.5 (sec) -----`, and lines of `Name = value` for each row
 *     yaml          `keywords: ['Step', 'Temp', ]`, `data:`, and a line `- [0, 1.44, ]` for each row
 *
 * What fixes and warnings print between the rows is passed over.
 */

export type Row = (names: readonly string[], values: readonly number[]) => void;

const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf|infinity)$/i;
const MULTI_HEAD = /^-{4,}\s*Step\s+(\d+)\s+-+\s+CPU\s*=\s*(\S+)\s+\(sec(?:onds)?\)\s*-+\s*$/;
const YAML_NAMES = /^keywords:\s*\[(.*)\]\s*$/;
const YAML_ROW = /^\s*-\s*\[(.*)\]\s*$/;
/** Comes right before every table; the name changed in 2017. */
const MEMORY = /^(?:Per MPI rank memory allocation|Memory usage per processor)/;

/** The number that LAMMPS printed; `nan` and `inf` are NaN. */
export function readNumber(text: string): number {
  return /[a-df-z]/i.test(text) ? Number.NaN : Number(text);
}

export class Tables {
  readonly #row: Row;
  /** Names of the table's columns; null outside of tables, and in those of style multi. */
  #names: readonly string[] | null = null;
  /** The line of names comes next. */
  #expected = false;
  #multi: { names: string[]; values: number[] } | null = null;

  constructor(row: Row) {
    this.#row = row;
  }

  /** Takes in a whole line. */
  line(line: string): void {
    const head = MULTI_HEAD.exec(line);
    if (head !== null) {
      this.#commit();
      this.#names = null;
      this.#expected = false;
      this.#multi = { names: ['Step', 'CPU'], values: [Number(head[1]), readNumber(head[2] ?? '')] };
    } else if (this.#multi !== null) this.#multiLine(this.#multi, line);
    else this.#otherLine(line);
  }

  /** The run is over: so is its table, and what was gathered of a last row is the whole row. */
  end(): void {
    this.#commit();
    this.#names = null;
    this.#expected = false;
  }

  #commit(): void {
    const row = this.#multi;
    this.#multi = null;
    if (row !== null) this.#row(row.names, row.values);
  }

  #multiLine(row: { names: string[]; values: number[] }, line: string): void {
    const words = line.trim().split(/\s+/);
    for (let i = 0; words[i + 1] === '='; i += 3) {
      const [name = '', , value = ''] = words.slice(i, i + 3);
      if (!NUMBER.test(value)) return;
      row.names.push(name);
      row.values.push(readNumber(value));
    }
  }

  #otherLine(line: string): void {
    if (MEMORY.test(line)) {
      this.#names = null;
      this.#expected = true;
      return;
    }
    const yaml = YAML_NAMES.exec(line);
    if (yaml !== null) {
      this.#names = listOf(yaml[1] ?? '').map((name) => name.replace(/^(['"])(.*)\1$/, '$2'));
      this.#expected = false;
      return;
    }
    const words = line.trim().split(/\s+/);
    if (this.#isNames(words)) {
      this.#names = words;
      this.#expected = false;
    } else if (this.#names !== null) this.#rowOf(this.#names, line, words);
  }

  #isNames(words: readonly string[]): boolean {
    if (words[0] === '' || words[0] === '---' || words.some((word) => NUMBER.test(word))) return false;
    // Without the line about memory, in what goes to the screen only, a table is known by its first column.
    if (!this.#expected && (words[0] !== 'Step' || words.length < 2)) return false;
    return words.every((word) => /^[A-Za-z_][^\s:=,]*$/.test(word));
  }

  #rowOf(names: readonly string[], line: string, words: readonly string[]): void {
    const yaml = YAML_ROW.exec(line);
    const values = yaml === null ? words : listOf(yaml[1] ?? '');
    if (values.length !== names.length || !values.every((value) => NUMBER.test(value))) return;
    this.#row(names, values.map(readNumber));
  }
}

/** `'Step', 'Temp', ` -> its items. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
