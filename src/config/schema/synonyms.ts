/** Keys of other tools, and their names here. */

/** Each key with its names in other tools, in small letters and without dashes. A name may stand for several keys. */
const OTHER_NAMES: readonly (readonly [key: string, names: string])[] = [
  // of jobs
  ['duration', 'walltime time timelimit maxtime maxruntime runtime wallclock timeout'],
  ['nodes', 'node nnodes nnode numnodes hosts'],
  ['tasks', 'ntasks task np nprocs nproc procs processes ranks mpiranks numtasks'],
  ['cores', 'cpus cpu ncpus cpuspertask corespertask core ncores numcores threads slots'],
  ['gpus', 'gpu ngpus gpuspertask numgpus gres'],
  ['workdir', 'cwd dir directory workingdir workingdirectory chdir wd folder'],
  ['environment', 'env envs environ environmentvariables envvars export'],
  ['command', 'cmd script executable program run exec args arguments shell commandline'],
  ['output', 'stdout out outputfile log logfile'],
  ['error', 'stderr err errorfile'],
  ['queue', 'partition'],
  ['bank', 'account project allocation'],
  ['urgency', 'priority nice prio'],
  ['count', 'replicas copies instances number num'],
  ['parameters', 'matrix sweep params foreach grid'],
  ['retry', 'retries attempts maxattempts restarts maxretries backofflimit'],
  // of rules
  ['trigger', 'on event events triggers type'],
  ['when', 'if condition expression expr where'],
  ['action', 'do actions then run perform execute'],
  ['interval', 'every period'],
  ['cron', 'schedule'],
  ['for', 'hold holdfor'],
  ['cooldown', 'debounce throttle ratelimit'],
  ['in', 'state states'],
  ['resolve', 'resolved else otherwise finally onresolve'],
  ['timezone', 'tz'],
  // of actions; `name` has many other names
  ['label', 'group job target function func'],
  ['value', 'count number num amount nodes jobs size'],
  ['repetitions', 'repeat times maxrepetitions max limit'],
  ['goto', 'next transition'],
  ['with', 'options settings config params parameters values args'],
  ['onError', 'onfailure'],
  ['name', 'group label title jobname metric job type id'],
  // of the keys around and below them
  ['jobs', 'job groups steps'],
  ['rules', 'rule policies'],
  ['custom', 'functions function code'],
  ['plugins', 'plugin extensions'],
  ['use', 'algorithms algorithm include includes import imports type kind'],
  ['tests', 'test'],
  ['states', 'state'],
  ['logging', 'log'],
  ['debug', 'verbose'],
  ['times', 'max attempts maxattempts limit count retries'],
  ['backoff', 'delay wait sleep'],
  ['on', 'when if reasons'],
  ['initial', 'start base delay'],
  ['factor', 'multiplier rate'],
  ['max', 'maximum cap limit longest'],
  ['probe', 'name type'],
  ['algorithm', 'name file path'],
  ['expect', 'expected expects assert'],
  ['from', 'start min minimum begin'],
  ['to', 'stop end max maximum'],
  ['step', 'increment by'],
];

/** A remedy where an equivalent key does not exist: for mappings with the key `needs`, or for all. */
const ADVICE: readonly (readonly [keys: string, needs: string, advice: string])[] = [
  [
    'memory mem ram mempercpu mempertask mempernode memorygb memgb memorymb memmb',
    'command',
    "memory can't be requested; request the cores or nodes that have it",
  ],
  [
    'depends dependson dependencies dependency needs requires after afterok',
    'command',
    "jobs can't wait for jobs; write a rule with the trigger job-success that submits the next ones",
  ],
  ['if when condition', 'command', 'jobs have no conditions; write a rule that submits them'],
  ['image container', 'command', 'containers have no key; start the container in the command'],
  [
    'description comment comments note notes title version',
    '',
    "write your own notes in a key like 'x-note'",
  ],
];

/** The replacement of an unknown key. */
export interface Synonym {
  /** The key that is meant; null without an equivalent. */
  readonly key: string | null;
  /** The end of a message. */
  readonly hint: string;
}

/** The replacement for a key of another tool, among the allowed keys; null for other keys. */
export function synonymOf(key: string, allowed: readonly string[]): Synonym | null {
  const plain = key.toLowerCase().replaceAll(/[-_ ]/g, '');
  const same = allowed.find((name) => name.toLowerCase() === plain);
  const other = OTHER_NAMES.find(
    ([name, names]) => allowed.includes(name) && names.split(' ').includes(plain),
  );
  const meant = same ?? other?.[0];
  if (meant !== undefined) return { key: meant, hint: `; use '${meant}'` };
  const advice = ADVICE.find(
    ([keys, needs]) => keys.split(' ').includes(plain) && (needs === '' || allowed.includes(needs)),
  );
  return advice === undefined ? null : { key: null, hint: `; ${advice[2]}` };
}
