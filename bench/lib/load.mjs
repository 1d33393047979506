// The load generators: wrk for reads, our own replay for what differs from request to request.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clientCore, cpuSeconds } from './process.mjs';
import { scratch } from './scratch.mjs';

const run = promisify(execFile);
export const tool = (name) => fileURLToPath(new URL(`../../build/bench/${name}`, import.meta.url));

const onClientCore = (program, args, options = {}) =>
  run('taskset', ['-c', clientCore, program, ...args], { maxBuffer: 1 << 24, ...options });

/** Reads one URL for a while. {rate, cpu}: requests per second, the server's CPU microseconds per
 *  request. Throws when anything but `status` comes back. */
export async function read(server, path, { seconds, connections = 32, headers = {} }) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`,
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    `http://127.0.0.1:${server.port}${path}`];
  const before = cpuSeconds(server.pid);
  const { stdout } = await onClientCore('wrk', args);
  const cpu = cpuSeconds(server.pid) - before;
  if (/Non-2xx or 3xx|Socket errors: .*(connect|read|write) [1-9]/.test(stdout)) {
    throw new Error(`${server.name} ${path}:\n${stdout}`);
  }
  const [, requests, time] = stdout.match(/(\d+) requests in ([\d.]+)s/);
  return { rate: Number(requests) / Number(time), cpu: (cpu / Number(requests)) * 1e6 };
}

/** One HTTP request as its bytes. */
export function requestBytes(method, path, headers, body = '') {
  const bytes = Buffer.from(body);
  const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', `content-length: ${bytes.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Sends each request once, with `rate` so many a second. {begun, seconds, p50, p99, statuses, cpu, refusal}; cpu as in
 *  read(). */
export async function replay(server, requests, connections, seconds, rate) {
  const file = join(scratch('load'), 'requests');
  const parts = [];
  for (const request of requests) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(request.length);
    parts.push(length, request);
  }
  writeFileSync(file, Buffer.concat(parts));
  const before = cpuSeconds(server.pid);
  const { stdout } = await onClientCore(tool('replay'),
    [String(server.port), String(connections), file, ...(seconds ? [String(seconds)] : []), ...(rate ? [String(rate)] : [])]);
  const result = JSON.parse(stdout);
  return { ...result, rate: result.begun / result.seconds,
    cpu: ((cpuSeconds(server.pid) - before) / result.begun) * 1e6 };
}

/** How many RS256 signatures one core verifies per second. */
export async function verifyRate() {
  const { stdout } = await run('taskset', ['-c', '0', tool('rs256')]);
  return Number(stdout);
}
