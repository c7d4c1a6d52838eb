/** `ensemble graph FILE`. */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { loadConfig } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { EnsembleError } from '../errors.js';
import { toMermaid } from '../report/mermaid.js';
import { graphOf } from '../report/model.js';
import { toSvg } from '../report/svg.js';

interface GraphOptions {
  readonly format?: 'mermaid' | 'svg';
  readonly output: string;
}

/** Rejects when the output is an existing file other than a graph. */
async function checkGraph(output: string): Promise<void> {
  const stats = await stat(output).catch(() => null);
  if (stats === null || !stats.isFile() || stats.size === 0) return;
  const text = await readFile(output, 'utf8').catch(() => '');
  if (/^\s*(flowchart|graph)\s/.test(text) || /^\s*<(svg|[?!].*<svg)[\s>]/s.test(text)) return;
  throw new EnsembleError(
    'ERR_FILE',
    `can't write ${output}: it exists and is not a graph, so it is not replaced; choose another name`,
  );
}

async function graph(path: string, { format, output }: GraphOptions): Promise<void> {
  const { config, warnings } = await loadConfig(path);
  if (warnings.length > 0) console.error(formatDiagnostics(warnings));
  const isSvg = (format ?? (output.endsWith('.svg') ? 'svg' : 'mermaid')) === 'svg';
  const drawn = graphOf(config);
  const user = `graph ${output.endsWith('.svg') ? `--output ${output}` : '--format svg'}`;
  const text = isSvg ? await toSvg(drawn, basename(path), user) : toMermaid(drawn);
  if (output === '-') {
    process.stdout.write(text);
    return;
  }
  await checkGraph(output);
  await writeFile(output, text).catch((cause: Error) => {
    throw new EnsembleError('ERR_FILE', `can't write ${output}: ${cause.message}`, { cause });
  });
}

export function graphCommand(): Command {
  return new Command('graph')
    .description('draw the groups, rules and states of an ensemble')
    .argument('<file>', 'the ensemble, in YAML')
    .addOption(
      new Option(
        '--format <format>',
        'format of the graph (default: svg for an output *.svg, else mermaid); svg needs the npm package @viz-js/viz',
      ).choices(['mermaid', 'svg']),
    )
    .option('--output <file>', 'output file; - for standard output', '-')
    .action(graph);
}
