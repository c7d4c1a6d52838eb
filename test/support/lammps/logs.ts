/** Logs in the forms that LAMMPS writes, made up for the tests. */

const head = `LAMMPS (2 Aug 2023 - Update 3)
OMP_NUM_THREADS environment is not set. Defaulting to 1 thread. (src/comm.cpp:98)
  using 1 OpenMP thread(s) per MPI task
units           lj
lattice         fcc 0.8442
Lattice spacing in x,y,z = 1.6795962 1.6795962 1.6795962
Created 4000 atoms
  using lattice units in orthogonal box = (0 0 0) to (16.795962 16.795962 16.795962)
WARNING: No fixes with time integration, atoms won't move (src/verlet.cpp:60)
Neighbor list info ...
  update: every = 20 steps, delay = 0 steps, check = no
Setting up Verlet run ...
  Unit style    : lj
  Current step  : 0
  Time step     : 0.005
Per MPI rank memory allocation (min/avg/max) = 3.222 | 3.222 | 3.222 Mbytes
`;

const foot = (
  steps: number,
  seconds: number,
) => `Loop time of ${seconds} on 4 procs for ${steps} steps with 4000 atoms

Performance: 212343.551 tau/day, 491.536 timesteps/s, 1.966 Matom-step/s
99.9% CPU use with 4 MPI tasks x 1 OpenMP threads

MPI task timing breakdown:
Section |  min time  |  avg time  |  max time  |%varavg| %total
---------------------------------------------------------------
Pair    | 0.43214    | 0.43214    | 0.43214    |   0.0 | 84.97
Neigh   | 0.053912   | 0.053912   | 0.053912   |   0.0 | 10.60

Nlocal:           1000 ave        1003 max         997 min
Histogram: 1 0 0 0 0 0 0 0 0 0
Total # of neighbors = 151513
Neighbor list builds = 12
`;

/** Style one, or custom: two runs, the second with a column more. */
export const TWO_RUNS = `${head}   Step          Temp          E_pair         E_mol          TotEng         Press
         0   3             -6.7733681      0             -2.2744931     -3.7033504
       100   1.6510577     -4.7567887      0             -2.2808214      5.8208747
WARNING: Dangerous build (src/neighbor.cpp:2400)
       200   1.6326158     -4.7280003      0             -2.2795512      5.9589114
${foot(200, 0.508612)}
Per MPI rank memory allocation (min/avg/max) = 3.222 | 3.223 | 3.224 Mbytes
   Step          Temp          TotEng        c_msd[4]
       200   1.6326158     -2.2795512      0
       300   2.5           -2.5          1.5e-03
${foot(100, 0.25)}Total wall time: 1:02:03
`;

/** Style multi. */
export const MULTI = `${head}------------ Step              0 ----- CPU =            0 (sec) -------------
TotEng   =         -4.6218 KinEng   =          0.0000 Temp     =          0.0000
PotEng   =         -4.6218 E_bond   =          0.0000 Press    =         -5.0250
------------ Step             50 ----- CPU =    0.1234567 (sec) -------------
TotEng   =         -4.6000 KinEng   =          0.1000 Temp     =          0.5000
SHAKE stats (type/ave/delta/count) on step 50
PotEng   =         -4.7000 E_bond   =          0.0000 Press    =         -4.9000
${foot(50, 0.2)}Total wall time: 0:00:01
`;

/** Style yaml, or \`thermo_modify line yaml\`. */
export const YAML = `${head}---
keywords: ['Step', 'Temp', 'KinEng', 'v_my var', ]
data:
  - [0, 3, -0.1, 1, ]
  - [100, 1.5, nan, 2, ]
...
${foot(100, 0.3)}Total wall time: 0:00:00
`;

/** Atoms were lost: no end of the run, no wall time. */
export const LOST = `${head}   Step          Temp          TotEng
         0   3             -2.2744931
       100   nan           nan
ERROR: Lost atoms: original 4000 current 3871 (src/thermo.cpp:494)
Last command: run 250
`;

/** Dies before any table. */
export const NO_TABLE = `LAMMPS (29 Sep 2021)
ERROR on proc 2: Cannot open file in.nowhere: No such file or directory (../input.cpp:221)
`;
