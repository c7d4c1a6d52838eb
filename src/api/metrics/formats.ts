/** The formats of metrics, and which of them a scraper asks for. */

import { parseAccept } from 'hono/utils/accept';
import type { Family } from './family.js';
import { metricsText } from './text.js';

export interface Format {
  readonly contentType: string;
  /** Whether a scraper that accepts the type gets this format. */
  accepted(type: string, parameters: Readonly<Record<string, string>>): boolean;
  write(families: readonly Family[]): string | Uint8Array | Promise<Uint8Array>;
}

const MESSAGE = 'io.prometheus.client.MetricFamily';

const PROTOBUF: Format = {
  contentType: `application/vnd.google.protobuf; proto=${MESSAGE}; encoding=delimited`,
  accepted: (type, { proto, encoding }) =>
    type === 'application/vnd.google.protobuf' && proto === MESSAGE && encoding === 'delimited',
  // Few scrapers ask for it, so its library is loaded at the first request.
  write: async (families) => (await import('./protobuf.js')).metricsProtobuf(families),
};

const OPENMETRICS: Format = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  accepted: (type) => type === 'application/openmetrics-text',
  write: (families) => metricsText(families, true),
};

const PLAIN: Format = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  accepted: (type) => ['text/plain', 'text/*', '*/*'].includes(type),
  write: (families) => metricsText(families, false),
};

const FORMATS = [PROTOBUF, OPENMETRICS, PLAIN];

/** The types of all formats, without their parameters. */
export const METRICS_TYPES = FORMATS.map(({ contentType }) => contentType.replace(/;.*/, ''));

/** The format that the header `Accept` likes best; plain text if it names none of them. */
export function formatFor(accept: string): Format {
  for (const { type, params, q } of parseAccept(accept)) {
    const format = FORMATS.find(({ accepted }) => accepted(type.toLowerCase(), params));
    if (format !== undefined && q > 0) return format;
  }
  return PLAIN;
}
