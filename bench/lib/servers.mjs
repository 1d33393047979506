// The servers that are measured, each on the server's core, each with the same interface:
// {name, pid, port, url, dispose()}.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server, freePort } from '../../tests/e2e/lib/server.mjs';
import { serverCore, sleep } from './process.mjs';
import { scratch } from './scratch.mjs';

const pinned = ['taskset', '-c', serverCore];
const installed = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));

/** Imprimatur with a person, its access log off like the peers'. */
export async function imprimatur({ settings = '', args, onCore = true } = {}) {
  const launcher = onCore ? pinned : [];
  const server = await Server.start({ settings: `log:\n  level: warning\n${settings}`, data: scratch('imprimatur'), launcher, args });
  server.dispose = () => server.stop();
  server.name = 'imprimatur';
  Object.defineProperty(server, 'pid', { get: () => server.process.pid });
  server.restart = async () => {
    await server.kill();
    await server.launch(launcher);
  };
  /** Stopped in good order, something done to its data, started again. */
  server.stopped = async (act) => {
    server.process.kill('SIGTERM');
    await server.exited;
    await act();
    await server.launch(launcher);
  };
  server.token = server.addUser('bench', { admin: true });
  return server;
}

/** Starts a program and waits until its port answers. */
export async function start(name, argv, port, { env = {}, path = '/' } = {}) {
  const child = spawn(pinned[0], [...pinned.slice(1), ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let log = '';
  child.stdout.on('data', (chunk) => { log += chunk; });
  child.stderr.on('data', (chunk) => { log += chunk; });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const begun = performance.now();
  for (;;) {
    try { await fetch(`http://127.0.0.1:${port}${path}`); break; } catch { /* not yet */ }
    if (child.exitCode !== null || performance.now() - begun > 30_000) throw new Error(`${name} did not start:\n${log}`);
    await sleep(2);
  }
  return {
    name, port, pid: child.pid, url: `http://127.0.0.1:${port}`, started: performance.now() - begun,
    async dispose() {
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(5000).then(() => child.kill('SIGKILL'))]);
    },
  };
}

/** nginx serving `files`: {path: {body, gzip, type, headers}}. One worker, sendfile, the gzip form from
 *  a file of its own, no access log. */
export async function nginx(files) {
  const directory = scratch('nginx');
  const port = await freePort();
  const locations = Object.entries(files).map(([path, file], index) => {
    const name = join(directory, `file${index}`);
    writeFileSync(name, file.body);
    if (file.gzip) writeFileSync(`${name}.gz`, file.gzip);
    return `    location = ${path} {
      alias ${name};
      types {}
      default_type ${file.type};
      gzip_static ${file.gzip ? 'on' : 'off'};
${Object.entries(file.headers).map(([key, value]) => `      add_header ${key} "${value}";`).join('\n')}
    }`;
  });
  const config = join(directory, 'nginx.conf');
  writeFileSync(config, `worker_processes 1;
daemon off;
user root;
pid ${directory}/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  etag on;
  client_body_temp_path ${directory}/t1; proxy_temp_path ${directory}/t2; fastcgi_temp_path ${directory}/t3;
  uwsgi_temp_path ${directory}/t4; scgi_temp_path ${directory}/t5;
  server {
    listen 127.0.0.1:${port};
${locations.join('\n')}
  }
}
`);
  return start('nginx', ['nginx', '-c', config, '-p', directory], port);
}

/** Verdaccio without uplinks, with a person. */
export async function verdaccio() {
  const directory = scratch('verdaccio');
  const port = await freePort();
  mkdirSync(join(directory, 'storage'));
  const config = join(directory, 'config.yaml');
  writeFileSync(config, `storage: ${directory}/storage
auth:
  htpasswd:
    file: ${directory}/htpasswd
packages:
  '**':
    access: $all
    publish: $authenticated
max_body_size: 400mb
# Its older tokens hold the password, which is hashed anew for every request.
security:
  api:
    legacy: false
    jwt:
      sign:
        expiresIn: 1d
web:
  enable: false
userRateLimit:
  windowMs: 1000
  max: 100000
log: { type: stdout, format: pretty, level: fatal }
`);
  const node = installed('node-24/bin/node');
  const server = await start('verdaccio',
    [existsSync(node) ? node : process.execPath, installed('verdaccio/bin/verdaccio'), '--config', config, '--listen', `127.0.0.1:${port}`],
    port, { env: { NODE_ENV: 'production', HOME: dirname(config) } });
  const answer = await fetch(`${server.url}/-/user/org.couchdb.user:bench`, {
    method: 'PUT', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', password: 'a long password of bench', email: 'bench@example.org' }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`verdaccio: ${JSON.stringify(body)}`);
  server.token = body.token;
  return server;
}

/** Publishes one document; throws when it is refused. */
export async function publish(server, document) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/${document.name.replace('/', '%2f')}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}` },
    body: JSON.stringify(document),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${server.name} refused ${document.name}: ${answer.status} ${text}`);
}

/** The bytes as they are on the wire, undecoded. {status, headers, body} */
export function fetchRaw(server, path, headers = {}) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, headers }, (response) => {
      const parts = [];
      response.on('data', (chunk) => parts.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    }).on('error', reject).end();
  });
}
