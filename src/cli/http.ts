/** `--http` of the commands: options, and the lines that say how to reach the HTTP API. */

import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { EnsembleError } from '../errors.js';
import { formatAddress, parseHttpAddress, type ServiceAddress } from '../service/address.js';
import { runtimeFolder } from '../service/private-files.js';
import { shellWord } from '../text/shell.js';
import { print } from './output.js';

export interface HttpOptions {
  /** True for the default address. */
  readonly http?: string | true;
  readonly httpTokenFile?: string;
  readonly httpTlsCert?: string;
  readonly httpTlsKey?: string;
  readonly httpTlsCa?: string;
  readonly httpInsecure?: boolean;
  readonly httpAudit?: string;
  readonly httpName?: readonly string[];
}

/** Paths are absolute from the beginning, because a command may change its working directory. */
const path = (text: string) => resolve(text);
const address = (text: string) => (/^\.{0,2}\//.test(text) ? resolve(text) : text);

/** Adds the options for the address and names. */
export function addHttpOption(command: Command, what: string): Command {
  return command
    .option(
      '--http [address]',
      `serve ${what} over HTTP: a socket that only you can reach by default, unix:/path, or [host:]port`,
      address,
    )
    .option(
      '--http-name <name>',
      'another name of the HTTP server in requests, as behind a proxy; may be repeated',
      (name: string, before: readonly string[] = []) => [...before, name],
    );
}

/** Adds the option for the address, and those for credentials. */
export function addHttpOptions(command: Command): Command {
  return addHttpOption(command, 'this run')
    .option('--http-token-file <file>', 'require HTTP clients to send a token of this file', path)
    .option('--http-tls-cert <file>', 'certificate of the HTTP server, in PEM', path)
    .option('--http-tls-key <file>', 'its key', path)
    .option('--http-tls-ca <file>', 'require HTTP clients to have a certificate of this authority', path)
    .addOption(new Option('--http-insecure', 'accept every HTTP client that can connect'))
    .option('--http-audit <file>', "log of HTTP actions (default: audit.jsonl in the run's folder)", path);
}

/** Checks options before anything is done. Throws EnsembleError. */
export function checkHttpOptions(options: HttpOptions): void {
  const { http, httpTokenFile, httpTlsCert, httpTlsKey, httpTlsCa, httpInsecure, httpAudit, httpName } =
    options;
  if (http === undefined) {
    const others = [httpTokenFile, httpTlsCert, httpTlsKey, httpTlsCa, httpInsecure, httpAudit, httpName];
    if (others.every((option) => option === undefined)) return;
    throw new EnsembleError('ERR_SERVICE', '--http-... options need --http');
  }
  if ((httpTlsCert === undefined) !== (httpTlsKey === undefined) || (httpTlsCa && !httpTlsCert)) {
    throw new EnsembleError('ERR_SERVICE', 'TLS needs both --http-tls-cert FILE and --http-tls-key FILE');
  }
}

/** The address that a user names, or that of a socket with this name. Throws ServiceError. */
export function httpAddress(http: string | true, socket: string): ServiceAddress {
  return parseHttpAddress(http === true ? join(runtimeFolder(), socket) : http);
}

/** The command that brings a socket to another machine; null for a listener on TCP. */
function tunnelOf(listening: ServiceAddress): string | null {
  if (listening.kind === 'tcp') return null;
  return `ssh -N -L 8080:${shellWord(listening.path)} ${userInfo().username}@${hostname()}`;
}

/** The address of the page in a browser; for a socket, the end of its tunnel. The API is below it. */
function pageOf(listening: ServiceAddress, tls: boolean): string {
  if (listening.kind === 'unix') return 'http://localhost:8080/';
  return `${tls ? 'https' : 'http'}://${formatAddress(listening)}/`;
}

/** Prints how to reach the page. */
export function reportAddress(listening: ServiceAddress, tls: boolean, json: boolean): void {
  const [text, page, tunnel] = [formatAddress(listening), pageOf(listening, tls), tunnelOf(listening)];
  if (json) print(JSON.stringify({ type: 'http', address: text, page, url: `${page}api/v1`, tunnel }));
  else for (const line of httpLines(text, page, tunnel)) print(line);
}

/** The lines that say how to reach the page. */
function httpLines(text: string, page: string, tunnel: string | null): string[] {
  if (tunnel === null) return [`HTTP on ${text}: ${page}`];
  return [`HTTP on ${text}`, `     from your machine: ${tunnel}`, `     then ${page}`];
}
