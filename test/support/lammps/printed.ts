/** Thermo output as LAMMPS prints it: with the widths and formats of src/thermo.cpp and src/output.cpp. */

export interface PrintedColumn {
  readonly name: string;
  readonly kind: 'integer' | 'float';
}

export type Style = 'one' | 'multi' | 'yaml';

/** Formats a number like C's `%.<digits>g`. */
function general(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return '0';
  const [mantissa = '', power = '0'] = value.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  const bare = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= -4 && exponent < digits) return bare(value.toFixed(digits - 1 - exponent));
  const sign = exponent < 0 ? '-' : '+';
  return `${bare(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const centered = (text: string, width: number) => {
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return (' '.repeat(left) + text).padEnd(width);
};

/** The line of names; nothing for style multi. */
export function printHeader(style: Style, columns: readonly PrintedColumn[]): string {
  if (style === 'multi') return '';
  if (style === 'yaml')
    return `---\nkeywords: [${columns.map(({ name }) => `'${name}', `).join('')}]\ndata:\n`;
  return `${columns
    .map(({ name, kind }) => `${centered(name, kind === 'float' ? 14 : 11)} `)
    .join('')
    .slice(0, -1)}\n`;
}

/** A row; `values` are as many as columns. */
export function printRow(style: Style, columns: readonly PrintedColumn[], values: readonly number[]): string {
  const floats = columns.map(({ kind }) => kind === 'float');
  if (style === 'yaml') {
    return `  - [${values.map((value, i) => `${floats[i] ? general(value, 15) : value}, `).join('')}]\n`;
  }
  if (style === 'one') {
    const signed = (text: string) => (text.startsWith('-') ? text : ` ${text}`);
    const cells = values.map((value, i) =>
      floats[i] ? signed(general(value, 8)).padEnd(14) : `${String(value).padStart(10)} `,
    );
    return `${cells.join(' ')}\n`;
  }
  const fixed = (value: number) => (Number.isFinite(value) ? value.toFixed(4) : general(value, 4));
  const lines = values.map((value, i) => {
    const text = (floats[i] ? fixed(value) : String(value)).padStart(14);
    return `${i % 3 === 0 ? '\n' : ''}${(columns[i]?.name ?? '').padEnd(8)} = ${text} `;
  });
  return `${lines.join('').slice(0, -1)}\n`;
}

/** Prints the head that style multi puts before each row. */
export function printMultiHead(step: number, seconds: number): string {
  return `------------ Step ${String(step).padStart(14)} ----- CPU = ${general(seconds, 7).padStart(12)} (sec) -------------`;
}

/** Returns the value that a reader gets from its printed form; NaN for NaN and infinity. */
export function asPrinted(style: Style, { kind }: PrintedColumn, value: number): number {
  if (kind === 'integer') return value;
  if (!Number.isFinite(value)) return Number.NaN;
  if (style === 'multi') return Number(value.toFixed(4));
  return Number(general(value, style === 'one' ? 8 : 15));
}

export const MEMORY = 'Per MPI rank memory allocation (min/avg/max) = 3.222 | 3.222 | 3.222 Mbytes\n';
export const loopLine = (steps: number) => `Loop time of 0.5 on 4 procs for ${steps} steps with 4000 atoms\n`;
