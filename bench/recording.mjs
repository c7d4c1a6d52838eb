// Journal records of plain jobs, in the form and with the interleaving of a busy instance: the eleven live
// events of each, `width` jobs in flight at a time.

const names = [
  'submit',
  'validate',
  'depend',
  'priority',
  'annotations',
  'alloc',
  'start',
  'finish',
  'release',
  'free',
  'clean',
];

/** Events of one job. */
export const eventsPerJob = names.length;

const contexts = {
  submit: '{"userid":1000,"urgency":16,"flags":0,"version":1}',
  priority: '{"priority":16}',
  annotations: '{"annotations":{"sched":{"resource_summary":"rank0/core0"}}}',
  alloc: '{"annotations":{"sched":{"resource_summary":"rank0/core0"}}}',
  finish: '{"status":0}',
  release: '{"ranks":"all","final":true}',
};

function record(id, name, time, group) {
  const context = contexts[name] === undefined ? '' : `,"context":${contexts[name]}`;
  const event = `{"timestamp":${time.toFixed(6)},"name":"${name}"${context}}`;
  const jobspec =
    name === 'submit'
      ? `,"jobspec":{"resources":[{"type":"slot","count":1,"with":[{"type":"core","count":1}],"label":"task"}],"tasks":[{"command":["sleep","1"],"slot":"task","count":{"per_slot":1}}],"attributes":{"system":{"duration":0,"cwd":"/home/user/runs"},"user":{"group":"${group}"}},"version":1}`
      : '';
  const R =
    name === 'alloc'
      ? `,"R":{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0"}}],"starttime":${time.toFixed(6)},"expiration":0.0,"nslots":1,"nodelist":["node0"]}}`
      : '';
  return `{"id":${id},"events":[${event}]${jobspec}${R}}\n`;
}

/** The name of a group by its number. */
export const groupName = (index) => `group-${index}`;

/** The bytes of a recording of `jobs` jobs that take turns over `groups` groups. */
export function makeRecording(jobs, groups, width = 64) {
  const parts = ['{"id":-1,"events":[]}\n'];
  const begin = 1_795_333_883;
  // A small generator of its own, so that two runs measure the same bytes.
  let state = 12_345;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  for (let first = 0; first < jobs; first += width) {
    const count = Math.min(width, jobs - first);
    const times = Array.from({ length: count }, (_, i) => begin + (first + i) * 1e-3);
    for (const name of names) {
      for (let i = 0; i < count; i++) {
        const job = first + i;
        times[i] += name === 'finish' ? 1 + random() : random() * 0.01;
        const id = (BigInt(job) << 10n) + 38_319_161_344n;
        parts.push(record(id, name, times[i], groupName(job % groups)));
      }
    }
  }
  return Buffer.from(parts.join(''));
}
