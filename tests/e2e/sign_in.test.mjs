// Signing in with the npm CLI, by each route it knows, and its tokens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Workspace, current, npm11, npm12 } from './lib/npm.mjs';
import { Pages } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { npmAtTerminal } from './lib/terminal.mjs';
import { SecondFactor, enableTotp } from './lib/totp.mjs';

describe('sign-in', () => {
  let server, token;
  const password = "alice's long password";
  before(async () => {
    server = await Server.start();
    token = server.addUser('alice', { admin: true });
  });
  after(() => server.dispose());

  const couch = (name, secret, headers = {}) => server.request('PUT', `/-/user/org.couchdb.user:${name}`, {
    headers, body: { _id: `org.couchdb.user:${name}`, name, password: secret, type: 'user', roles: [] },
  });

  test('name and password give a token that works', async () => {
    const answer = await couch('alice', password);
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.json.token, /^imp_[0-9A-Za-z]{42}$/);
    assert.equal((await server.request('GET', '/-/whoami', { token: answer.json.token })).json.username, 'alice');
  });

  test('an unknown name and a wrong password get the same answer', async () => {
    const [unknown, wrong] = [await couch('nobody', password), await couch('alice', 'wrong password')];
    assert.equal(unknown.status, 401);
    assert.deepEqual(unknown.json, wrong.json);
  });

  test('a wrong token is refused, never anonymous', async () => {
    const answer = await server.request('GET', '/-/whoami', { token: 'imp_wrong' });
    assert.equal(answer.status, 401);
    assert.equal(answer.json.error, answer.json.message);
  });

  test('web login: pending with retry-after until a person confirms', async () => {
    const started = await server.request('POST', '/-/v1/login', { body: {} });
    assert.equal(started.status, 200, started.text);
    assert.ok(started.json.loginUrl.startsWith(`${server.url}/login/cli/`));
    const pending = await server.request('GET', new URL(started.json.doneUrl).pathname);
    assert.equal(pending.status, 202);
    assert.ok(Number(pending.headers.get('retry-after')) >= 1);
    assert.equal((await server.request('GET', '/-/v1/done/unknown')).status, 404);
  });

  for (const client of current) {
    test(`tokens with ${client.name}`, async () => {
      const work = new Workspace(server, { token });
      const run = async (args, input) => {
        const result = await work.npm(client, args, { input });
        assert.equal(result.code, 0, `npm ${args.join(' ')}\n${result.output}\n${server.log}`);
        return result.stdout;
      };
      const list = async () => JSON.parse(await run(['token', 'list', '--json']));
      const create = async (...args) => JSON.parse(await run(['token', 'create', '--json', '--name', 'ci',
        '--password', password, '--packages-and-scopes-permission', 'read-only', ...args]));
      const before = (await list()).length;
      const limited = (await create('--packages-all', '--expires', '3')).token;
      const scoped = (await create('--scopes', 'alice', '--cidr', '10.0.0.0/8')).token;
      assert.equal((await list()).length, before + 2);
      assert.equal((await server.request('GET', '/-/npm/v1/tokens', { token: limited })).status, 403);
      const elsewhere = await new Workspace(server, { token: scoped }).npm(client, ['whoami']);
      assert.match(elsewhere.output, /EAUTHIP/);
      await run(['token', 'revoke', (await list()).find((one) => limited.startsWith(one.token)).id]);
      await run(['token', 'revoke', scoped]);
      assert.equal((await list()).length, before);
      const gone = await new Workspace(server, { token: limited }).npm(client, ['whoami']);
      assert.match(gone.output, /notice The access token is unknown or was revoked/);
      const profile = JSON.parse(await run(['profile', 'get', '--json']));
      assert.equal(profile.name, 'alice');
      await run(['profile', 'set', 'fullname', 'Alice', 'Adams']);
      assert.match(await run(['profile', 'get', 'fullname']), /^Alice Adams$/m);
    });
  }

  test('npm login signs in through the browser', async () => {
    for (const client of current) {
      const pages = new Pages(server);
      await pages.signIn('alice', password);
      const work = new Workspace(server);
      const login = await npmAtTerminal(work, client, ['login'], [
        [/\/login\/cli\/([\w-]+)\s/, async ([, id]) => { await pages.submit(`/login/cli/${id}`, { answer: 'yes' }); }],
      ]);
      assert.equal(login.code, 0, login.output);
      assert.match(readFileSync(join(work.home, '.npmrc'), 'utf8'), /:_authToken=imp_/);
      assert.equal((await work.npm(client, ['whoami'])).stdout.trim(), 'alice');
    }
  });

  test('a denied sign-in gives the client nothing', async () => {
    const pages = new Pages(server);
    await pages.signIn('alice', password);
    const work = new Workspace(server);
    const login = await npmAtTerminal(work, npm12, ['login'], [
      [/\/login\/cli\/([\w-]+)\s/, async ([, id]) => { await pages.submit(`/login/cli/${id}`, { answer: 'no' }); }],
      [/Username:/, '\x03'], // npm takes the refusal for "not by browser here"
    ]);
    assert.notEqual(login.code, 0);
    assert.match(login.output, /notice This sign-in or confirmation was denied in the browser/);
    assert.doesNotMatch(readFileSync(join(work.home, '.npmrc'), 'utf8'), /_authToken/);
  });

  test('npm login --auth-type=legacy asks for name and password', async () => {
    for (const client of current) {
      const work = new Workspace(server);
      const wrong = await npmAtTerminal(work, client, ['login', '--auth-type=legacy'],
        [[/Username:/, 'alice'], [/Password:/, 'not the password']]);
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.output, /Incorrect or missing password/);
      const right = await npmAtTerminal(work, client, ['login', '--auth-type=legacy'],
        [[/Username:/, 'alice'], [/Password:/, password]]);
      assert.equal(right.code, 0, right.output);
      assert.equal((await work.npm(client, ['whoami'])).stdout.trim(), 'alice');
    }
  });

  test('a second factor is set up, asked for in both forms, and taken away, with npm alone', async () => {
    const [client, name] = [npm11, 'carol'];
    const secret = `${name}'s long password`;
    const work = new Workspace(server, {
      token: server.addUser(name), manifest: { name: '@carol/guarded', version: '1.0.0' },
    });
    const run = async (args, answers) => {
      const result = await npmAtTerminal(work, client, args, answers);
      assert.equal(result.code, 0, `npm ${args.join(' ')}\n${result.output}`);
      return result.output;
    };
    const mistaken = await npmAtTerminal(work, client, ['profile', 'enable-2fa'],
      [[/password:/, secret], [/OTP code from your authenticator/, '000000']]);
    assert.match(mistaken.output, /The code does not fit/);
    let factor;
    const enabled = await run(['profile', 'enable-2fa', 'auth-and-writes'], [
      [/password:/, secret],
      [/Or enter code: (\w+)[\s\S]*OTP code from your authenticator/, ([, key]) => {
        factor = new SecondFactor(`otpauth://totp/x?secret=${key}`);
        return factor.totpCode();
      }],
    ]);
    factor.recovery = enabled.match(/\b[0-9a-f]{64}\b/g);
    assert.equal(factor.recovery.length, 5);
    assert.match(await run(['profile', 'get', 'two-factor auth']), /auth-and-writes/);

    const pages = new Pages(server);
    await pages.signIn(name, secret, await factor.code());
    await run(['publish', '--access', 'public'], [
      [/\/login\/cli\/([\w-]+)\s/, async ([, id]) => {
        await pages.submit(`/login/cli/${id}`, { answer: 'yes', otp: await factor.code() });
      }],
    ]);
    await run(['dist-tag', 'add', '@carol/guarded@1.0.0', 'old', '--auth-type=legacy'],
      [[/Enter OTP:/, () => factor.code()]]);
    await run(['profile', 'disable-2fa', '--auth-type=legacy'],
      [[/password:/, secret], [/Enter OTP:/, () => factor.code()]]);
    assert.match(await run(['profile', 'get', 'two-factor auth']), /disabled/);
    await run(['profile', 'set', 'password'], [[/Current password:/, secret], [/New password:/, 'a new long password'],
      [/Again:/, 'a new long password']]);
    assert.equal((await couch(name, secret)).status, 401);
    assert.equal((await couch(name, 'a new long password')).status, 201);
  });

  test('npm logout ends the token', async () => {
    const { json } = await couch('alice', password);
    const work = new Workspace(server, { token: json.token });
    const out = await work.npm(current[1], ['logout']);
    assert.equal(out.code, 0, out.output);
    assert.equal((await server.request('GET', '/-/whoami', { token: json.token })).status, 401);
  });

  test('with a second factor, publishing and couch login ask for it in both forms', async () => {
    const factor = await enableTotp(server, token, password);
    const challenged = await couch('alice', password);
    assert.equal(challenged.status, 401);
    assert.match(challenged.headers.get('www-authenticate'), /otp/i);
    assert.match(challenged.json.error, /one-time pass/);
    assert.equal((await couch('alice', password, { 'npm-otp': '000000' })).status, 401);
    const code = await factor.code();
    assert.equal((await couch('alice', password, { 'npm-otp': code })).status, 201);
    assert.equal((await couch('alice', password, { 'npm-otp': code })).status, 401, 'a code counts once');
    const work = new Workspace(server, { token, manifest: { name: '@alice/guarded', version: '1.0.0' } });
    const refused = await work.npm(current[1], ['publish', '--json']);
    assert.notEqual(refused.code, 0);
    const { error } = JSON.parse(refused.stdout || refused.stderr.slice(refused.stderr.indexOf('{')));
    assert.equal(error.code, 'EOTP');
    assert.ok(error.authUrl.startsWith(server.url) && error.doneUrl.startsWith(server.url));
    const published = await work.npm(current[1], ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(published.code, 0, published.output);
  });
});
