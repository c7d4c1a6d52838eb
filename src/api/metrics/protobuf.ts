/**
 * Families of metrics as messages `io.prometheus.client.MetricFamily`, each after its length. It is the only format with
 * native histograms. A histogram has its classic buckets too, for scrapers that do not read native ones.
 */

import protobuf, { type Writer } from 'protobufjs/minimal.js';
import type { StreamState } from '../../model/metrics.js';
import { classicBuckets, nativeBuckets } from './buckets.js';
import type { Family, Labels } from './family.js';

/** Numbers up to this one count as zeros in a sketch: the smallest normal double. */
const ZERO_THRESHOLD = 2 ** -1022;

const TYPES = { counter: 0, gauge: 1, histogram: 4 } as const satisfies Record<Family['type'], number>;

/** Types of fields on the wire. */
const VARINT = 0;
const DOUBLE = 1;
const MESSAGE = 2;
const tag = (field: number, type: number) => (field << 3) | type;

/** Writes a field that is a message. */
function message(to: Writer, field: number, write: (to: Writer) => void): void {
  to.uint32(tag(field, MESSAGE)).fork();
  write(to);
  to.ldelim();
}

/** A half of a surrogate pair becomes U+FFFD, as in text; Prometheus refuses texts that are not UTF-8. */
const text = (to: Writer, field: number, value: string) =>
  to.uint32(tag(field, MESSAGE)).bytes(Buffer.from(value));
const double = (to: Writer, field: number, value: number) => to.uint32(tag(field, DOUBLE)).double(value);
const count = (to: Writer, field: number, value: number) => to.uint32(tag(field, VARINT)).uint64(value);

function writeLabels(to: Writer, labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    message(to, 1, (pair) => {
      text(pair, 1, name);
      text(pair, 2, value);
    });
  }
}

function writeHistogram(to: Writer, state: StreamState): void {
  count(to, 1, state.count);
  double(to, 2, state.sum);
  for (const [bound, passed] of classicBuckets(state)) {
    message(to, 3, (bucket) => {
      count(bucket, 1, passed);
      double(bucket, 2, bound);
    });
  }
  const { schema, spans, deltas } = nativeBuckets(state);
  to.uint32(tag(5, VARINT)).sint32(schema);
  double(to, 6, ZERO_THRESHOLD);
  count(to, 7, state.zeros);
  for (const { offset, length } of spans) {
    message(to, 12, (span) => {
      span.uint32(tag(1, VARINT)).sint32(offset);
      span.uint32(tag(2, VARINT)).uint32(length);
    });
  }
  for (const delta of deltas) to.uint32(tag(13, VARINT)).sint64(delta);
}

function* metricsOf(family: Family): Generator<(metric: Writer) => void> {
  if (family.type === 'histogram') {
    for (const { labels, state } of family.samples) {
      yield (metric) => {
        writeLabels(metric, labels);
        message(metric, 7, (histogram) => writeHistogram(histogram, state));
      };
    }
    return;
  }
  const field = family.type === 'counter' ? 3 : 2;
  for (const { labels, value } of family.samples) {
    yield (metric) => {
      writeLabels(metric, labels);
      message(metric, field, (number) => double(number, 1, value));
    };
  }
}

function writeFamily(to: Writer, family: Family): void {
  text(to, 1, family.type === 'counter' ? `${family.name}_total` : family.name);
  text(to, 2, family.help);
  to.uint32(tag(3, VARINT)).int32(TYPES[family.type]);
  for (const write of metricsOf(family)) message(to, 4, write);
  if (family.unit !== undefined) text(to, 5, family.unit);
}

/** The families as messages. Those without samples are left out. */
export function metricsProtobuf(families: readonly Family[]): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const family of families) {
    if (family.samples.length === 0) continue;
    writer.fork();
    writeFamily(writer, family);
    writer.ldelim();
  }
  return writer.finish();
}
