/** Names of thermo columns: which words look like them, and how a line of them is taken apart. */

/** What LAMMPS calls its own columns (src/thermo.cpp). */
const KNOWN = new Set(
  (
    'Step Elapsed Elaplong Dt Time CPU T/CPU S/CPU CPULeft Part TimeoutLeft Atoms Temp Press PotEng KinEng TotEng ' +
    'E_vdwl E_coul E_pair E_bond E_angle E_dihed E_impro E_mol E_long E_tail Enthalpy Ecouple Econserve Volume ' +
    'Density Lx Ly Lz Xlo Xhi Ylo Yhi Zlo Zhi Xy Xz Yz Avecx Avecy Avecz Bvecx Bvecy Bvecz Cvecx Cvecy Cvecz ' +
    'Xlat Ylat Zlat Bonds Angles Diheds Imprs Pxx Pyy Pzz Pxy Pxz Pyz Fmax Fnorm Nbuild Ndanger ' +
    'Cella Cellb Cellc CellAlpha CellBeta CellGamma'
  ).split(' '),
);

/** Whether all of these are names that LAMMPS itself gives to columns, or the first one is the usual first one. */
export function areKnownNames(names: readonly string[]): boolean {
  if (names[0] === 'Step') return names.length > 1;
  return names.every((name) => KNOWN.has(name) || /^[cfv]_\S/.test(name));
}

export const wordsOf = (line: string): string[] => line.trim().split(/\s+/);

/** Characters that a name is centered in, by the default format of its column; a blank is between two columns. */
const INTEGER_WIDTH = 11;
const FLOAT_WIDTH = 14;
/** Where a right-aligned integer ends in its column. */
const INTEGER_END = 10;
/** Columns of a table whose names are told apart by their widths. */
const MOST_WIDTHS = 256;

/**
 * The names in a line, as many as a row below it has values; null when that can't be told. Names that users gave may
 * have blanks in them: those are known by the widths of the columns.
 */
export function splitNames(line: string, row: string): string[] | null {
  const words = wordsOf(line);
  const count = wordsOf(row).length;
  if (words.length === count) return words;
  if (words.length < count || count > MOST_WIDTHS) return null;
  const names = splitByWidths(line, 0, widthsOf(row));
  if (names !== null) return names;
  const apart = line.trim().split(/\s{2,}/);
  return apart.length === count ? apart : null;
}

/** The widths of the columns by where the values of a row stand in them. A value may be longer than its column. */
function widthsOf(row: string): number[] {
  let begin = 0;
  return [...row.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const end = index + word.length;
    // A number of so many digits is no float, which would have an exponent.
    const isInteger = /^-?\d+$/.test(word) && (end === begin + INTEGER_END || word.length > INTEGER_END);
    const width = isInteger ? INTEGER_WIDTH : FLOAT_WIDTH;
    begin = Math.max(begin + width, isInteger ? end + 1 : end) + 1;
    return width;
  });
}

/** The names from a place of the line on; a name that is longer than its column is not centered. */
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

/** Whether a cell holds a name as it is printed: centered, or longer than the column is wide. */
function isName(cell: string, width: number): boolean {
  const name = cell.trim();
  if (name === '') return false;
  if (name.length > width) return name === cell;
  const left = Math.floor((width - name.length) / 2);
  // The blanks behind the last one may be gone.
  return cell.trimEnd().length === left + name.length && (cell.length === width || !cell.endsWith(' '));
}

/** The items of `['Step', 'my, own', ]`: quotes end an item, commas within them do not. */
export function splitYamlNames(list: string): string[] {
  const text = list.trim().replace(/,$/, '').trim();
  const quote = text[0];
  if (quote !== "'" && quote !== '"') return splitYamlValues(text);
  return text.slice(1, -1).split(new RegExp(`${quote}\\s*,\\s*${quote}`));
}

/** The items of `[100, 1.5, ]`. */
export function splitYamlValues(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
