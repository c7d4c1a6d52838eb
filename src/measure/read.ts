/** Reads the files of one job: the work of the process that reads files. */

import { resolve } from 'node:path';
import { fillText } from '../language/template.js';
import { findFile } from '../members/find-file.js';
import { streamOf } from '../members/flux/output-log.js';
import type { Finding, MeasuredFile, MeasureEntry } from '../model/measure.js';
import { type CsvEntry, scanCsv } from './csv.js';
import { type Document, stampOf, tailOf, Unreadable } from './document.js';
import { type JsonEntry, scanJson } from './json.js';
import type { FromReader, MeasuredJob, ToReader } from './messages.js';
import { type PatternEntry, scanPatterns } from './patterns.js';

/** Returns the document of a file of a job. */
export function documentOf(file: MeasuredFile, { facts, kept, log }: MeasuredJob): Document {
  const find = (path: string) => {
    const { path: found } = findFile(resolve(facts.workdir, path), facts);
    return { kind: 'file', name: found, path: found, isEmptyWithout: false } as const;
  };
  if (file.kind === 'path') {
    return find(fillText(file.path, (name) => facts.values[name] ?? `{{${name}}}`));
  }
  const own = facts[file.kind];
  if (own !== null) return find(own);
  const name = file.kind === 'output' ? 'its output' : 'its standard error';
  if (kept !== null) return { kind: 'file', name, path: kept[file.kind], isEmptyWithout: true };
  if (log !== null) return { kind: 'text', name, text: streamOf(log, file.kind) };
  const reason = `${name} is in no file; give the group a file with \`${file.kind}:\``;
  return { kind: 'none', name, reason };
}

/** Entries that are read in one pass over a document. */
interface Pass {
  readonly document: Document;
  readonly key: string;
  readonly entries: MeasureEntry[];
}

function passesOf({ entries, job }: ToReader): Pass[] {
  const passes = new Map<string, Pass>();
  for (const entry of entries) {
    const { source } = entry;
    if (source.kind === 'python') continue;
    const document = documentOf(source.file, job);
    const place = document.kind === 'file' ? document.path : document.name;
    const key = JSON.stringify([source.kind, place, source.kind === 'csv' ? source.separator : null]);
    const pass = passes.get(key) ?? { document, key, entries: [] };
    passes.set(key, pass);
    pass.entries.push(entry);
  }
  return [...passes.values()];
}

function scan({ document, entries }: Pass): Finding[] {
  try {
    switch (entries[0]?.source.kind) {
      case 'pattern':
        return scanPatterns(document, entries as PatternEntry[]);
      case 'json':
        return scanJson(document, entries as JsonEntry[]);
      default:
        return scanCsv(document, entries as CsvEntry[]);
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return entries.flatMap(({ values }) =>
      values.map((name): Finding => ({ name, value: null, reason: error.message })),
    );
  }
}

/** Reads the files of a job once. Files that have not changed since they were read are left out. */
export function readJob(request: ToReader): FromReader {
  const findings: Finding[] = [];
  const stamps: Record<string, string> = {};
  for (const pass of passesOf(request)) {
    const stamp = stampOf(pass.document);
    stamps[pass.key] = stamp;
    // Before the scan, so that what is written meanwhile is read the next time.
    if (request.stamps[pass.key] === stamp) continue;
    findings.push(...scan(pass));
  }
  const isMissing = findings.some(({ value }) => value === null);
  const tail = isMissing ? tailOf(documentOf({ kind: 'output' }, request.job)) : [];
  return { kind: 'read', number: request.number, findings, stamps, tail };
}
