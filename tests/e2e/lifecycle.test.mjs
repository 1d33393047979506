// The server as an operator meets it: settings, health, shutdown, TLS, two processes on one directory.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server, binary, freePort } from './lib/server.mjs';

const serveOnce = (args, env = {}) =>
  spawnSync(binary, ['serve', '--no-runner', ...args], { encoding: 'utf8', timeout: 10000, env: { ...process.env, ...env } });

describe('settings', () => {
  let directory;
  before(() => { directory = mkdtempSync(join(tmpdir(), 'imprimatur-settings-')); });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const refusals = [
    ['an unknown key', 'http:\n  lisen: x\n', /imprimatur\.yaml:2: there is no setting "http\.lisen".*http\.listen/s],
    ['a bad value', 'http:\n  io_threads: many\n', /imprimatur\.yaml:2: "many" is not allowed.*from 0 to 256/s],
    ['a public URL with a path', 'http:\n  public_url: https://example.org/npm\n', /no path/],
    ['a certificate without its key', 'http:\n  tls_certificate: /x.pem\n', /go together/],
    ['an address without a port', 'http:\n  listen: localhost\n', /such as 127\.0\.0\.1:4873/],
  ];
  for (const [name, yaml, says] of refusals) {
    test(`${name} stops the start and says where`, () => {
      writeFileSync(join(directory, 'imprimatur.yaml'), yaml);
      const run = serveOnce(['--data', directory]);
      assert.equal(run.status, 1, run.stderr);
      assert.match(run.stderr, says);
    });
  }

  test('an unknown environment variable too', () => {
    writeFileSync(join(directory, 'imprimatur.yaml'), '');
    const run = serveOnce(['--data', directory], { IMPRIMATUR_HTTP_LISTN: 'x' });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /IMPRIMATUR_HTTP_LISTN names no setting/);
  });

  test('a port that is taken is named', async () => {
    const server = await Server.start();
    const run = serveOnce(['--data', directory, '--listen', `127.0.0.1:${server.port}`]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, new RegExp(`${server.port}`));
    await server.dispose();
  });
});

describe('a running server', () => {
  let server;
  before(async () => { server = await Server.start(); });
  after(() => server.dispose());

  test('answers health, readiness and metrics', async () => {
    assert.equal((await server.request('GET', '/-/health')).json.status, 'ok');
    assert.equal((await server.request('GET', '/-/ready')).json.status, 'ready');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const metrics = await server.request('GET', '/-/metrics');
    assert.match(metrics.text, /^http_requests_total\{.*route="\/-\/health".*\} 1$/m);
  });

  test('keeps what it stores to itself', () => {
    assert.equal(statSync(server.data).mode & 0o077, 0);
    assert.equal(statSync(join(server.data, 'master.key')).mode & 0o777, 0o600);
  });

  test('passwords, tokens and second factors are not in the files or the log', async () => {
    const password = 'a password to look for';
    const token = server.addUser('carol', { password });
    await server.request('GET', '/-/whoami', { token });
    await server.request('GET', `/api/v2/me?circle-token=${token}`);
    const files = readdirSync(server.data).filter((name) => statSync(join(server.data, name)).isFile());
    for (const name of files) {
      const content = readFileSync(join(server.data, name));
      assert.ok(!content.includes(token), `${name} holds a token`);
      assert.ok(!content.includes(password), `${name} holds a password`);
    }
    assert.ok(!server.log.includes(token));
  });

  test('SIGTERM lets a running request end, loses nothing, and exits with 0', async () => {
    const body = JSON.stringify({ name: 'x' });
    const socket = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(`PUT /-/user/org.couchdb.user:nobody HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.process.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    let answer = '';
    socket.on('data', (chunk) => { answer += chunk; });
    socket.write(body.slice(5));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.match(answer, /^HTTP\/1\.1 4\d\d /);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    await server.launch();
    assert.equal((await server.request('GET', '/-/ready')).status, 200);
  });
});

describe('the runner beside the server', () => {
  let server;
  before(async () => { server = await Server.start({ args: [] }); });
  after(() => server.dispose());

  const runners = () => [...server.log.matchAll(/runner started.*?pid=(\d+)/g)].map(([, pid]) => Number(pid));
  const until = async (what, condition) => {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (await condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`${what}:\n${server.log}`);
  };
  const state = async () => (await server.request('GET', '/-/ready')).json.runner;

  test('is started again when it dies', async () => {
    await until('no runner', async () => (await state()) === 'running' && /runner_ready/.test(server.log));
    process.kill(runners()[0], 'SIGKILL');
    await until('not started again', async () => runners().length === 2 && (await state()) === 'running');
    assert.match(server.log, /runner ended by itself.*signal 9/);
    assert.match((await server.request('GET', '/-/metrics')).text, /^imprimatur_runner_starts_total 2$/m);
  });

  // It waits for a job at this very server, for half a minute when nothing happens.
  test('does not keep the server from stopping', async () => {
    await until('not ready', () => (server.log.match(/runner_ready/g) ?? []).length === 2);
    const begin = performance.now();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - begin < 10000, server.log);
    assert.doesNotMatch(server.log, /runner killed/);
  });
});

test('TLS with a configured certificate', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'imprimatur-tls-'));
  const [certificate, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const port = await freePort();
  writeFileSync(join(directory, 'imprimatur.yaml'), `http:\n  tls_certificate: ${certificate}\n  tls_key: ${key}\n`);
  const { spawn } = await import('node:child_process');
  const child = spawn(binary, ['serve', '--no-runner', '--data', directory, '--listen', `127.0.0.1:${port}`]);
  try {
    const get = () => new Promise((resolve, reject) => {
      request({ host: 'localhost', port, path: '/-/health', ca: readFileSync(certificate) }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject).end();
    });
    let status;
    for (let i = 0; i < 200 && status === undefined; i++) {
      status = await get().catch(() => undefined);
      if (status === undefined) await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.equal(status, 200);
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    rmSync(directory, { recursive: true, force: true });
  }
});
