// Signing in with the npm CLI, by each route it knows, and its tokens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Workspace, current } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

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
      const before = JSON.parse(await run(['token', 'list', '--json'])).length;
      const created = await server.request('POST', '/-/npm/v1/tokens', { token, body: {
        name: 'ci', password, packages_all: true, packages_and_scopes_permission: 'read-only',
      } });
      assert.equal(created.status, 201, created.text);
      assert.equal(JSON.parse(await run(['token', 'list', '--json'])).length, before + 1);
      const limited = created.json.token;
      assert.equal((await server.request('GET', '/-/npm/v1/tokens', { token: limited })).status, 403);
      await run(['token', 'revoke', created.json.key]);
      assert.equal((await server.request('GET', '/-/whoami', { token: limited })).status, 401);
      const profile = JSON.parse(await run(['profile', 'get', '--json']));
      assert.equal(profile.name, 'alice');
    });
  }

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
