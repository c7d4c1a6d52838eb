/** Reads the eventlog in which Flux's shell keeps the output of a job (RFC 24). */

interface OutputEvent {
  readonly name?: string;
  readonly context?: {
    readonly stream?: string;
    readonly data?: string;
    readonly encoding?: string;
    readonly path?: string;
    readonly level?: number;
    readonly message?: string;
  };
}

/** An event of the output: data of a stream, a stream that goes to a file, or an error in the shell's log. */
export type ShellOutputEvent =
  | { readonly kind: 'data'; readonly stream: string; readonly data: Buffer }
  | { readonly kind: 'redirect'; readonly stream: string; readonly path: string }
  | { readonly kind: 'error'; readonly message: string };

/** Level of an error in the shell's log, as in syslog. */
const LOG_ERROR = 3;

/** Returns the event of a line; null for an event that is not about output. Throws SyntaxError. */
export function readOutputEvent(line: string): ShellOutputEvent | null {
  const { name, context = {} } = JSON.parse(line) as OutputEvent;
  const { stream, data, encoding, path, level, message } = context;
  if (name === 'data' && stream !== undefined && data !== undefined) {
    return { kind: 'data', stream, data: Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8') };
  }
  if (name === 'redirect' && stream !== undefined && path !== undefined) {
    return { kind: 'redirect', stream, path };
  }
  return name === 'log' && level === LOG_ERROR && message !== undefined ? { kind: 'error', message } : null;
}

/** The text of a stream in an eventlog of Flux's shell. */
export function streamOf(log: string, kind: 'output' | 'error'): string {
  const wanted = kind === 'output' ? 'stdout' : 'stderr';
  const pieces: Buffer[] = [];
  for (const line of log.split('\n')) {
    const event = line === '' ? null : readOutputEvent(line);
    if (event?.kind === 'data' && event.stream === wanted) pieces.push(event.data);
  }
  return Buffer.concat(pieces).toString('utf8');
}
