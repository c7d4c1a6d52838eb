/** Names of thermo columns: recognizes them, and splits a line of them. */

/** Names of LAMMPS's own columns (src/thermo.cpp). */
const KNOWN = new Set(
  (
    'Step Elapsed Elaplong Dt Time CPU T/CPU S/CPU CPULeft Part TimeoutLeft Atoms Temp Press PotEng KinEng TotEng ' +
    'E_vdwl E_coul E_pair E_bond E_angle E_dihed E_impro E_mol E_long E_tail Enthalpy Ecouple Econserve Volume ' +
    'Density Lx Ly Lz Xlo Xhi Ylo Yhi Zlo Zhi Xy Xz Yz Avecx Avecy Avecz Bvecx Bvecy Bvecz Cvecx Cvecy Cvecz ' +
    'Xlat Ylat Zlat Bonds Angles Diheds Imprs Pxx Pyy Pzz Pxy Pxz Pyz Fmax Fnorm Nbuild Ndanger ' +
    'Cella Cellb Cellc CellAlpha CellBeta CellGamma'
  ).split(' '),
);

/** Returns whether all words are LAMMPS's own column names, or the first is Step. */
export function areKnownNames(names: readonly string[]): boolean {
  if (names[0] === 'Step') return names.length > 1;
  return names.every((name) => KNOWN.has(name) || /^[cfv]_\S/.test(name));
}

export const wordsOf = (line: string): string[] => line.trim().split(/\s+/);

/** Widths of columns in their default formats, in which names are centered. A blank separates columns. */
const INTEGER_WIDTH = 11;
const FLOAT_WIDTH = 14;
/** Column position at which a right-aligned integer ends. */
const INTEGER_END = 10;
/** Maximum columns of a table whose names are split by their widths. */
const MAX_WIDTHS = 256;

/**
 * Splits a line into as many names as the row below has values; null where this is ambiguous. Users' names may
 * contain blanks. The widths of the columns delimit those.
 */
export function splitNames(line: string, row: string): string[] | null {
  const words = wordsOf(line);
  const count = wordsOf(row).length;
  if (words.length === count) return words;
  if (words.length < count || count > MAX_WIDTHS) return null;
  const names = splitByWidths(line, 0, widthsOf(row));
  if (names !== null) return names;
  const apart = line.trim().split(/\s{2,}/);
  return apart.length === count ? apart : null;
}

/** Returns the widths of the columns by the positions of a row's values. A value may be longer than its column. */
function widthsOf(row: string): number[] {
  let begin = 0;
  return [...row.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const end = index + word.length;
    // A long number without an exponent is an integer.
    const isInteger = /^-?\d+$/.test(word) && (end === begin + INTEGER_END || word.length > INTEGER_END);
    const width = isInteger ? INTEGER_WIDTH : FLOAT_WIDTH;
    begin = Math.max(begin + width, isInteger ? end + 1 : end) + 1;
    return width;
  });
}

/** Splits the names after a position of the line. A name longer than its column is not centered. */
function splitByWidths(line: string, begin: number, [width, ...more]: readonly number[]): string[] | null {
  if (width === undefined) return line.slice(begin).trim() === '' ? [] : null;
  const ends = more.length === 0 ? [line.length] : [begin + width];
  for (let end = begin + width + 1; end < line.length && more.length > 0 && line[begin] !== ' '; end++) {
    if (line[end] === ' ') ends.push(end);
  }
  for (const end of ends) {
    const cell = line.slice(begin, end);
    const isColumn = more.length === 0 || line[end] === ' ';
    if (!isColumn || !isName(cell, width)) continue;
    const rest = splitByWidths(line, end + 1, more);
    if (rest !== null) return [cell.trim(), ...rest];
  }
  return null;
}

/** Returns whether a cell holds a printed name: centered, or longer than the column. */
function isName(cell: string, width: number): boolean {
  const name = cell.trim();
  if (name === '') return false;
  if (name.length > width) return name === cell;
  const left = Math.floor((width - name.length) / 2);
  // Trailing blanks may be missing.
  return cell.trimEnd().length === left + name.length && (cell.length === width || !cell.endsWith(' '));
}

/** Splits `['Step', 'my, own', ]` into its items. Quotes end an item; commas within them do not. */
export function splitYamlNames(list: string): string[] {
  const text = list.trim().replace(/,$/, '').trim();
  const quote = text[0];
  if (quote !== "'" && quote !== '"') return splitYamlValues(text);
  return text.slice(1, -1).split(new RegExp(`${quote}\\s*,\\s*${quote}`));
}

/** Splits `[100, 1.5, ]` into its items. */
export function splitYamlValues(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
