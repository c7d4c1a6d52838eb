/**
 * Makes the files of a release: `npm run release -- VERSION [--out FOLDER] [--no-audit] ...`. It publishes nothing, and
 * prints the commands for that at its end. A failure restores the files of the checkout and ends with exit status 1.
 */

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import semver from 'semver';
import { Failure } from './failure.mjs';
import { ChangedFiles } from './files.mjs';
import { checkOut, deliver } from './out-folder.mjs';
import { checkInterruption, watchSignals } from './process.mjs';
import { audit } from './steps/audit.mjs';
import { build } from './steps/build.mjs';
import { checks } from './steps/checks.mjs';
import { image } from './steps/image.mjs';
import { licenses } from './steps/licenses.mjs';
import { pack } from './steps/pack.mjs';
import { python } from './steps/python.mjs';
import { sbom } from './steps/sbom.mjs';
import { sums } from './steps/sums.mjs';

/** The steps in their order. `skipped` of one returns the words of the summary when the options leave it out, else null. */
const STEPS = [checks, audit, build, pack, image, sbom, licenses, python, sums];

const USAGE = `npm run release -- VERSION [options]
  --out FOLDER   the folder of the files; default: dist-release
  --no-audit     leave out \`npm audit\`
  --prebuilt     take prebuilds/ as it is
  --no-image     leave out the installation in a bare Debian
  --no-build     take dist/ as it is, for a trial
  --help         print this text`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const began = Date.now();

function say(text) {
  console.log(`\n=== ${text} (after ${Math.round((Date.now() - began) / 1000)} s)`);
}

/** The options and the version. */
function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        out: { type: 'string', default: join(root, 'dist-release') },
        'no-audit': { type: 'boolean', default: false },
        prebuilt: { type: 'boolean', default: false },
        'no-image': { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Failure(`${error.message.split('. ', 1)[0]}; \`npm run release -- --help\` lists the options`);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (positionals.length !== 1)
    throw new Failure(`found ${positionals.length} versions; expected one: npm run release -- VERSION`);
  return {
    version: positionals[0],
    // npm changes to the folder of package.json.
    out: resolve(process.env.INIT_CWD ?? '.', values.out),
    options: {
      audit: !values['no-audit'],
      prebuilt: values.prebuilt,
      image: !values['no-image'],
      build: !values['no-build'],
    },
  };
}

function summarize({ version, files, notes, tarball, python = [] }, out) {
  const path = relative(process.env.INIT_CWD ?? '.', out);
  // npm takes `folder/file` for a repository on GitHub.
  const folder = path.startsWith('..') ? out : `./${path}`;
  say(`${version} is ready in ${folder}`);
  for (const name of readdirSync(out).sort())
    console.log(`${String(statSync(join(out, name)).size).padStart(9)}  ${name}`);
  for (const text of notes) console.log(`left out: ${text}`);
  console.log(`not committed: ${files.paths.join(', ')}`);
  const tag = semver.prerelease(version) === null ? '' : ' --tag next';
  console.log('\nTo publish it:');
  console.log(`  git commit --all --message 'Release ${version}'`);
  console.log(`  git tag --annotate v${version} --message 'Release ${version}'`);
  console.log(`  git push origin HEAD v${version}`);
  console.log(`  npm publish ${folder}/${tarball} --provenance${tag}`);
  if (python.length > 0) console.log(`  twine upload ${python.map((name) => `${folder}/${name}`).join(' ')}`);
}

const files = new ChangedFiles(root);
let work;
watchSignals();
try {
  const { version, out, options } = readArguments();
  checkOut(out);
  work = mkdtempSync(join(tmpdir(), 'flux-ensemble-release-'));
  const notes = [];
  const date = new Date().toISOString().slice(0, 10);
  const release = { root, version, date, options, files, work, notes, note: (text) => notes.push(text) };
  for (const step of STEPS) {
    const reason = step.skipped?.(options) ?? null;
    if (reason !== null) {
      notes.push(reason);
      say(`left out: ${reason}`);
      continue;
    }
    say(step.title);
    await step.run(release);
    checkInterruption();
  }
  deliver(work, out);
  summarize(release, out);
} catch (error) {
  const restored = files.paths.length === 0 ? '' : '; the files of the checkout are as before';
  files.restore();
  const text = error instanceof Failure ? error.message : error.stack;
  console.error(`\nrelease: ${text}${restored}`);
  process.exitCode = 1;
} finally {
  if (work !== undefined) rmSync(work, { recursive: true, force: true });
}
