// Starts the real server on a free port with a data directory of its own.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const binary = process.env.E2E_BINARY ?? join(root, 'build/release/imprimatur');

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Server {
  /** Options: settings (text of imprimatur.yaml), launcher (argv put before the server's), args. */
  static async start(options = {}) {
    const server = new Server();
    server.options = options;
    server.data = options.data ?? mkdtempSync(join(tmpdir(), 'imprimatur-e2e-'));
    server.port = options.port ?? (await freePort());
    server.url = `http://localhost:${server.port}`;
    if (options.settings) writeFileSync(join(server.data, 'imprimatur.yaml'), options.settings);
    await server.launch(options.launcher);
    return server;
  }

  async launch(launcher = []) {
    const argv = [...launcher, binary, 'serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`,
      ...(this.options.args ?? ['--no-runner'])];
    this.log = '';
    this.process = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout.on('data', (chunk) => { this.log += chunk; });
    this.process.stderr.on('data', (chunk) => { this.log += chunk; });
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve({ code, signal }));
      this.process.once('error', (error) => resolve({ error: error.message }));
    });
    for (let attempt = 0; attempt < 400; attempt++) {
      try {
        if ((await fetch(`${this.url}/-/ready`)).ok) return;
      } catch { /* not listening yet */ }
      const ended = await Promise.race([this.exited, new Promise((resolve) => setTimeout(resolve, 25))]);
      if (ended) throw new Error(`the server ended at once (${JSON.stringify(ended)}):\n${this.log}`);
    }
    throw new Error(`the server did not become ready:\n${this.log}`);
  }

  /** Runs a command of the binary on this server's data directory. */
  command(args, input = '') {
    return execFileSync(binary, [...args, '--data', this.data], { input, encoding: 'utf8' }).trim();
  }

  /** Adds a person and returns a personal token. */
  addUser(name, { admin = false, password = `${name}'s long password` } = {}) {
    this.command(['user', 'add', name, '--email', `${name}@example.org`, '--password-stdin',
      ...(admin ? ['--admin'] : [])], `${password}\n`);
    return this.command(['token', 'create', '--user', name]);
  }

  async request(method, path, { token, headers = {}, body } = {}) {
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body !== undefined ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch { /* not JSON */ }
    return { status: response.status, headers: response.headers, text, json };
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    return this.exited;
  }

  async kill() {
    this.process.kill('SIGKILL');
    return this.exited;
  }

  async dispose() {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}
