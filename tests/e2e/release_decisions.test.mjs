// What release tools see of staged releases: they wait, read the reason, and are told by webhooks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Workspace, current } from './lib/npm.mjs';
import { Server, binary } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

/** A receiver of webhooks that can misbehave: `answer` decides what each delivery gets. */
async function startReceiver() {
  const receiver = { received: [], answer: () => ({ status: 204 }) };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const delivery = { headers: request.headers, body: Buffer.concat(chunks).toString() };
      receiver.received.push(delivery);
      const { status, headers, close } = receiver.answer(delivery);
      if (close) return request.socket.destroy();
      response.writeHead(status, headers);
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${server.address().port}/`;
  receiver.stop = () => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); };
  return receiver;
}

/** Until it holds; a deadline far beyond what it takes. */
async function until(holds, what) {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const value = await holds();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it did not come to this: ${what}`);
}

describe('decisions on staged releases', () => {
  const [client] = current;
  let server, token, factor, person, receiver;
  const imprimatur = (...args) => {
    const child = spawn(binary, ['stage', ...args, '--registry', server.url],
      { env: { ...process.env, IMPRIMATUR_TOKEN: token } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
  };
  const stage = async (version) => {
    person.manifest({ name: '@alice/lib', version });
    const done = await person.npm(client, ['stage', 'publish', '--json']);
    assert.equal(done.code, 0, done.output);
    return JSON.parse(done.stdout)['@alice/lib'].stageId;
  };

  before(async () => {
    receiver = await startReceiver();
    server = await Server.start({ settings: 'webhooks:\n  private_addresses: true\ntrust:\n  switch_cool_down: 0s\n' });
    token = server.addUser('alice', { admin: true });
    factor = await enableTotp(server, token, "alice's long password");
    person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    const first = await person.npm(client, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
  });
  after(async () => {
    await server.dispose();
    await receiver.stop();
  });

  test('a tool waits for the approval, under the tag that the approver chose', async () => {
    const id = await stage('1.1.0');
    const waiting = imprimatur('wait', id, '--timeout', '120');
    const approved = await imprimatur('approve', id, '--tag', 'next', '--otp', await factor.code());
    assert.equal(approved.code, 0, approved.output);
    assert.match(approved.output, /@alice\/lib@1\.1\.0 is published/);
    assert.deepEqual(await waiting, { code: 0, output: 'approved by alice\n' });
    const tags = (await server.request('GET', '/-/package/@alice%2flib/dist-tags', { token })).json;
    assert.deepEqual(tags, { latest: '1.0.0', next: '1.1.0' });
    const viewed = await person.npm(client, ['stage', 'view', id]);
    assert.match(viewed.stdout, /status: approved/);
  });

  test('what is taken back, and a wait whose time is over', async () => {
    const id = await stage('1.2.0');
    const early = await imprimatur('wait', id, '--timeout', '1');
    assert.equal(early.code, 3, early.output);
    const withdrawn = await imprimatur('withdraw', id);
    assert.equal(withdrawn.code, 0, withdrawn.output);
    const waited = await imprimatur('wait', id);
    assert.deepEqual(waited, { code: 1, output: 'withdrawn by alice\n' });
    const late = await imprimatur('reject', id, '--reason', 'too late', '--otp', await factor.code());
    assert.equal(late.code, 1);
    assert.match(late.output, /withdrawn by alice/);
  });

  test('a waiting request is answered when the server stops', async () => {
    const id = await stage('1.3.0');
    const waiting = server.request('GET', `/-/stage/${id}?wait=60`, { token });
    await new Promise((resolve) => setTimeout(resolve, 200));
    server.process.kill('SIGTERM');
    const answer = await waiting;
    assert.equal(answer.json.status, 'pending');
    await server.exited;
    await server.launch();
  });

  test('where passkeys are wanted, codes do not count', async () => {
    const policy = '/-/package/@alice%2flib/stage-policy';
    const change = async (body) => server.request('PUT', policy,
      { token, headers: { 'npm-otp': await factor.code() }, body });
    const wanted = await change({ passkeysOnly: true, expiresAfter: '36h' });
    assert.equal(wanted.status, 200, wanted.text);
    assert.equal(wanted.json.passkeysOnly, true);
    assert.equal(wanted.json.expiresAfter, '36h');
    const id = await stage('1.5.0');
    const waits = async () => {
      const { createdAt, expiresAt } = (await server.request('GET', `/-/stage/${id}`, { token })).json;
      return (new Date(expiresAt) - new Date(createdAt)) / 3_600_000;
    };
    assert.equal(await waits(), 36);
    const refused = await person.npm(client, ['stage', 'approve', id, `--otp=${await factor.code()}`]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /confirmed with a passkey/);
    assert.equal((await change({ passkeysOnly: false })).status, 200);
    // What waited keeps the policy that it was staged under.
    const still = await person.npm(client, ['stage', 'approve', id, `--otp=${await factor.code()}`]);
    assert.notEqual(still.code, 0);
    assert.match(still.output, /confirmed with a passkey/);
    assert.equal(await waits(), 36);
    const later = await stage('1.5.1');
    const approved = await person.npm(client, ['stage', 'approve', later, `--otp=${await factor.code()}`]);
    assert.equal(approved.code, 0, approved.output);
  });

  test('a policy is set, shown and taken back from the terminal', async () => {
    const policy = (verb, ...args) => imprimatur('policy', verb, '@alice/lib', ...args);
    const set = await policy('set', '--approvals', '2', '--different-person', '--expires-after', '36h',
      '--otp', await factor.code());
    assert.equal(set.code, 0, set.output);
    assert.match(set.output, /^2 approvals, by somebody else than who is behind it, within 36 hours$/m);
    const shown = JSON.parse((await policy('show', '--json')).output);
    assert.deepEqual([shown.approvals, shown.differentPerson, shown.passkeysOnly, shown.expiresAfter], [2, true, false, '36h']);
    const refusals = [
      [[], /Say what the policy asks for: --approvals, .*imprimatur stage policy clear @alice\/lib/s],
      [['--approvals', '11'], /"approvals" must be a number from 1 to 10/],
      [['--approvals', 'two'], /--approvals/],
      [['--expires-after', '1y'], /"expiresAfter" must be/],
      [['--passkeys-only'], /--otp/],
    ];
    for (const [args, said] of refusals) {
      const refused = await policy('set', ...args);
      assert.notEqual(refused.code, 0, args.join(' '));
      assert.match(refused.output, said);
    }
    const group = await policy('set', '--group', 'nobody', '--otp', await factor.code());
    assert.equal(group.code, 1);
    assert.match(group.output, /"group" must name a group/);
    const absent = await imprimatur('policy', 'show', '@nobody');
    assert.equal(absent.code, 1);
    assert.match(absent.output, /nobody/);
    const cleared = await policy('clear', '--otp', await factor.code());
    assert.equal(cleared.code, 0, cleared.output);
    assert.match(cleared.output, /^1 approval$/m);
  });

  test('webhooks: signed, tried again after failures and kill -9, under one id', async () => {
    const hooks = '/-/package/@alice%2flib/hooks';
    const made = await server.request('POST', hooks,
      { token, headers: { 'npm-otp': await factor.code() }, body: { url: receiver.url, events: ['release.staged'] } });
    assert.equal(made.status, 201, made.text);
    const key = Buffer.from(made.json.secret.slice('whsec_'.length), 'base64');
    const bad = [{ status: 500 }, { status: 307, headers: { location: `${receiver.url}elsewhere` } }, { close: true }];
    receiver.answer = () => bad[0];
    const id = await stage('1.6.0');
    await until(() => receiver.received.length > 0, 'a first attempt');
    const logged = async () => (await server.request('GET', `${hooks}/${made.json.id}/deliveries`, { token })).json[0];
    await until(async () => (await logged()).attempts === 1, 'the attempt is in the log');
    for (const answer of bad.slice(1)) {
      receiver.answer = () => answer;
      const before = receiver.received.length;
      const again = await server.request('POST', `${hooks}/${made.json.id}/deliveries/${(await logged()).id}`, { token });
      assert.equal(again.status, 202, again.text);
      await until(async () => receiver.received.length > before && (await logged()).attempts === 1, 'another attempt');
      assert.equal((await logged()).state, 'pending');
    }
    server.process.kill('SIGKILL');
    await server.exited;
    receiver.answer = () => ({ status: 204 });
    await server.launch();
    await until(async () => (await logged()).state === 'delivered', 'the delivery after the restart');
    for (const { headers, body } of receiver.received) {
      assert.equal(headers['webhook-id'], receiver.received[0].headers['webhook-id']);
      const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(text).digest('base64')}`);
      assert.equal(JSON.parse(body).type, 'release.staged');
      assert.equal(JSON.parse(body).data.id, id);
    }
  });

  test('a watch prints what happens as it happens, across a restart, with the token that npm has', async () => {
    const env = { ...process.env, npm_config_userconfig: `${server.data}/watcher.npmrc` };
    delete env.IMPRIMATUR_TOKEN;
    writeFileSync(env.npm_config_userconfig,
      `registry=${server.url}/\n//localhost:${server.port}/:_authToken=${token}\n`);
    const child = spawn(binary, ['stage', 'watch', '--package', '@alice/lib', '--json'], { env, cwd: server.data });
    let printed = '';
    child.stdout.on('data', (chunk) => { printed += chunk; });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const told = () => printed.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    const texts = () => told().map(({ event, data }) => `${event} ${data.version}`);
    try {
      // It begins when it is connected, which nothing prints: until the first release is told.
      let id, number = 0;
      await until(async () => {
        id = await stage(`3.${number}.0`);
        number += 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return told().length > 0;
      }, 'the first event');
      const refused = await imprimatur('reject', id, '--reason', 'Not yet.', '--otp', await factor.code());
      assert.equal(refused.code, 0, refused.output);
      // By whoever staged it, so it is taken back.
      await until(() => told().at(-1).event === 'withdrawn', 'its end');
      assert.equal(told().at(-1).data.reason, 'Not yet.');
      await server.kill();
      await server.launch();
      const kept = await stage('3.100.0');
      await until(() => told().some(({ data }) => data.id === kept), 'an event after the restart');
      assert.equal(new Set(told().map((one) => one.id)).size, told().length, 'nothing twice');
      assert.equal(texts().at(-1), 'staged 3.100.0');
    } finally {
      child.kill();
      await ended;
    }
    const nobody = spawn(binary, ['stage', 'watch', '--registry', server.url], { env: { ...env, IMPRIMATUR_TOKEN: 'npm_x' } });
    assert.equal(await new Promise((resolve) => nobody.once('close', resolve)), 1);
  });
});
