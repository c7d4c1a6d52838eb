// Runs `ensemble` with the arguments of the process, and writes what it has loaded to the file in $LOADED: the URL and
// the characters of each script, and the scripts of the bundle whose bytecode was refused or missing.

import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

const loaded = [];
const session = new Session();
session.connect();
session.on('Debugger.scriptParsed', ({ params: { url, length } }) => loaded.push({ url, length }));
session.post('Debugger.enable');
const before = loaded.length;

const dist = new URL('../../dist/', import.meta.url);
const { scripts } = await import(new URL('cli/cached-script.js', dist));
process.on('exit', () => {
  const compiled = [...scripts].filter(([, script]) => script.cachedDataRejected !== false).map(([path]) => path);
  writeFileSync(process.env.LOADED, JSON.stringify({ loaded: loaded.slice(before), compiled }));
});
await import(new URL('cli/main.js', dist));
