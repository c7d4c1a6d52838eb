/** Logs in which something is odd: each has two runs, and two rows in the last one, the last of them at Temp 900. */

import { loopLine, MEMORY } from './printed.js';

const begin = 'LAMMPS (2 Aug 2023)\n';
const end = 'Total wall time: 0:00:01\n';
const loop = loopLine(100);
const head = '   Step          Temp          Press     \n';
const first = '         0   300            1            \n        10   310            2            \n';
const second = '        10   310            2            \n        20   900            3            \n';
const table = MEMORY + head;

const multiRow = (step: number, temperature: number) =>
  `------------ Step ${String(step).padStart(14)} ----- CPU =            0 (sec) -------------
TotEng   =         -4.6218 KinEng   =          0.0000 Temp     = ${temperature.toFixed(4).padStart(15)}
PotEng   =         -4.6218 E_bond   =          0.0000 E_angle  =          0.0000
E_dihed  =          0.0000 E_impro  =          0.0000 E_vdwl   =          0.0000
E_coul   =          0.0000 E_long   =          0.0000 Press    =         -5.0250
`;
const yaml = (rows: string) => `---\nkeywords: ['Step', 'Temp', 'my, own', 'it's', ]\ndata:\n${rows}`;

export const ODD_LOGS: Readonly<Record<string, string>> = {
  'without the line on memory': `${begin}${table}${first}${loop}\nrun 10 pre no post no\n${head}${second}${loop}${end}`,
  'from the screen, which echoes no command': `${begin}${table}${first}${loop}${head}${second}${loop}${end}`,
  'own columns without Step and the line on memory': `${begin}${MEMORY}   Time          Temp     \n 0   300\n 1   310\n${loop}run 10 pre no\n   Time          Temp     \n 1   310\n 2   900\n${loop}`,
  'a run cut into pieces': `${begin}run 20 every 10 NULL\n${table}${first}${loop}${table}${second}${loop}${end}`,
  'names of users': `${begin}${table}${first}${loop}${MEMORY}   Step          Temp         f_1:Ne         1st           a=b            x,y            µ       \n        10   310            1              1              1              1              1            \n        20   900            1              1              1              1              1            \n${loop}`,
  'a name with a blank': `${begin}${table}${first}${loop}${MEMORY}   Step          Temp         My Press   \n        10   310            1            \n        20   900            1            \n${loop}`,
  'the same column twice': `${begin}${table}${first}${loop}${MEMORY}   Step          Temp           Temp     \n        10   310            310          \n        20   900            900          \n${loop}`,
  'what fixes and programs print': `${begin}${table}${first}${loop}${table}        10   310            2            \nWARNING: Dangerous build (src/neighbor.cpp:2400)\n12 400 5\n15 1.5\nPython says 1 2 3\n1.5 2.5 3.5\n\n        20   900            3            \n21 910 3\n${loop}`,
  'text between the names and the rows': `${begin}${table}${first}${loop}${MEMORY}WARNING: something (src/a.cpp:1)\nHello from Python here\n${head}[node1] some noise of MPI\n${second}${loop}`,
  'multi, cut off in a row': `${begin}${MEMORY}${multiRow(0, 300)}${multiRow(10, 310)}${loop}${MEMORY}${multiRow(10, 310)}${multiRow(20, 900)}${multiRow(30, 950).slice(0, 160)}`,
  'multi, ended by an error': `${begin}${MEMORY}${multiRow(0, 300)}${loop}${MEMORY}${multiRow(10, 310)}${multiRow(20, 900)}ERROR: Lost atoms: original 4 current 3 (src/thermo.cpp:494)\n`,
  'yaml, cut off in a row': `${begin}${MEMORY}${yaml('  - [0, 300, 1, 2, ]\n')}...\n${loop}${MEMORY}${yaml('  - [10, 310, 1, 2, ]\n  - [20, 900, nan, 2, ]\n  - [30, 9')}`,
  'tabs, and line ends of Windows':
    `${begin}${table}${first}${loop}${MEMORY}\tStep\tTemp\tPress\n\t10\t310\t2\n\t20\t900\t3\n${loop}`.replaceAll(
      '\n',
      '\r\n',
    ),
  'appended by a restart after a kill': `${begin}${table}${first}        20   9${begin}${table}${second}${loop}${end}`,
  'killed before its run came to the end': `${begin}${table}${first}${loop}${table}${second}`,
  'behind the labels of srun': `${begin}${table}${first}${loop}${table}${second}${loop}${end}`.replaceAll(
    /^(?=.)/gm,
    '0: ',
  ),
  'of two programs that print at once': `${begin}${begin}${MEMORY}${MEMORY}   Step          Press    \n         0   1            \n${head}         0   900          2            \n         10  1            \n        10   900          2            \n${loop}        20   1            \n${loop}${end}${end}`,
  'with a line of a megabyte': `${begin}${table}${first}${loop}${table}        10   310            2            \n${'x '.repeat(600_000)}\n        20   900            3            \n${loop}`,
};
