// The test issuer as a process of its own: a registry that asks it for keys over the network, and npm that publishes
// with its tokens.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Server, binary, freePort } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const run = promisify(execFile);

describe('the test issuer', () => {
  let port, issuer, server, token, factor, ci;

  const ask = async (...args) => (await run(binary, ['test-issuer', ...args, '--issuer', `http://127.0.0.1:${port}`])).stdout.trim();
  const exchange = async (idToken, name = '@alice/lib') => (await server.request('POST',
    `/-/npm/v1/oidc/token/exchange/package/${name.replace('/', '%2f')}`, { token: idToken })).json.code ?? 'granted';

  before(async () => {
    port = await freePort();
    issuer = spawn(binary, ['test-issuer', 'serve', '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => issuer.stdout.once('data', resolve));
    server = await Server.start({ settings: `trust:\n  circleci_issuer: http://127.0.0.1:${port}/circleci\n  private_addresses: true\n` });
    token = server.addUser('alice', { admin: true });
    factor = await enableTotp(server, token, "alice's long password");
    server.command(['issuer', 'add', 'test-gitlab', '--kind', 'gitlab', '--url', `http://127.0.0.1:${port}/gitlab`, '--private-address', '--default',
      '--max-age', '3600']);
    const person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    const first = await person.npm(npm11, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    const claims = JSON.parse(await ask('claims', 'circleci'));
    const prefix = 'oidc.circleci.com/';
    for (const words of [
      ['circleci', '--org-id', claims[`${prefix}org-id`], '--project-id', claims[`${prefix}project-id`],
        '--pipeline-definition-id', claims[`${prefix}pipeline-definition-id`], '--vcs-origin', claims[`${prefix}vcs-origin`]],
      ['gitlab', '--project', 'acme/tools/widgets', '--file', '.gitlab-ci.yml'],
    ]) {
      const trusted = await person.npm(npm11, ['trust', words[0], '@alice/lib', ...words.slice(1), '--allow-publish', '--yes',
        `--otp=${await factor.code()}`]);
      assert.equal(trusted.code, 0, trusted.output);
    }
    ci = new Workspace(server);
  });
  after(async () => {
    await server.dispose();
    issuer.kill();
    await new Promise((resolve) => issuer.once('exit', resolve));
  });

  const publish = (version, idToken, variable) => {
    ci.manifest({ name: '@alice/lib', version });
    return ci.npm(npm11, ['publish'], { env: { [variable]: 'true', NPM_ID_TOKEN: idToken } });
  };

  test('npm publishes with its tokens', async () => {
    for (const [version, shape, variable] of [['1.1.0', 'circleci', 'CIRCLECI'], ['1.2.0', 'gitlab', 'GITLAB_CI']]) {
      const published = await publish(version, await ask('token', shape), variable);
      assert.equal(published.code, 0, published.output);
    }
  });

  test('npm says why a bad one is refused', async () => {
    const refused = await publish('1.3.0', await ask('token', 'circleci', '--case', 'ssh-rerun'), 'CIRCLECI');
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /npm notice .*rerun with SSH/);
  });

  test('a claim is changed, left out, or of another type', async () => {
    const fork = await ask('token', 'circleci', '--claim', 'oidc.circleci.com/vcs-origin=github.com/mallory/widgets');
    assert.equal(await exchange(fork), 'claim_mismatch');
    assert.equal(await exchange(await ask('token', 'circleci', '--without', 'oidc.circleci.com/vcs-origin')), 'claim_missing');
    assert.equal(await exchange(await ask('token', 'circleci', '--claim', 'oidc.circleci.com/ssh-rerun=true')), 'ssh_rerun');
    assert.equal(await exchange(await ask('token', 'circleci', '--claim-json', 'oidc.circleci.com/vcs-origin=1')), 'claim_missing');
    assert.equal(await exchange(await ask('token', 'circleci', '--clock-offset=-10m')), 'too_old');
  });

  // Over the registry's real client, each of an organisation whose keys it has not seen yet.
  test('answers for keys that a registry must not believe', async () => {
    const bad = ['error', 'redirect', 'html', 'malformed', 'huge', 'gzip-bomb', 'other-issuer', 'other-host', 'no-keys', 'private-key'];
    const person = new Workspace(server, { token, manifest: { name: '@alice/bad', version: '1.0.0' } });
    const first = await person.npm(npm11, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    const prefix = 'oidc.circleci.com/';
    const claims = JSON.parse(await ask('claims', 'circleci'));
    const organizations = bad.map(() => randomUUID());
    const trusted = await server.request('POST', '/-/package/@alice%2fbad/trust', {
      token, headers: { 'npm-otp': await factor.code() },
      body: organizations.map((organization) => ({
        type: 'circleci', permissions: ['createPackage'],
        claims: {
          [`${prefix}org-id`]: organization, [`${prefix}project-id`]: claims[`${prefix}project-id`],
          [`${prefix}pipeline-definition-id`]: claims[`${prefix}pipeline-definition-id`],
          [`${prefix}vcs-origin`]: claims[`${prefix}vcs-origin`],
        },
      })),
    });
    assert.equal(trusted.status, 200, trusted.text);
    const tokenOf = (organization) => ask('token', 'circleci', '--claim', `${prefix}org-id=${organization}`,
      '--claim', `iss=http://127.0.0.1:${port}/circleci/org/${organization}`);
    for (const [number, trouble] of bad.entries()) {
      await ask('trouble', trouble);
      assert.equal(await exchange(await tokenOf(organizations[number]), '@alice/bad'), 'issuer_unavailable', trouble);
    }
    await ask('trouble', 'none');
  });

  test('what it does not know, it says', async () => {
    for (const [args, message] of [
      [['token', 'npm'], /circleci, github or gitlab/],
      [['token', 'gitlab', '--case', 'ssh-rerun'], /There is no case "ssh-rerun" of gitlab's tokens/],
      [['trouble', 'bad-day'], /There is no trouble "bad-day"/],
      [['token', 'github', '--claim', 'x'], /must be NAME=VALUE/],
    ]) {
      await assert.rejects(ask(...args), (error) => message.test(error.stderr));
    }
    await assert.rejects(run(binary, ['test-issuer', 'rotate', '--issuer', 'http://127.0.0.1:1']),
      (error) => /There is no test issuer at/.test(error.stderr));
  });
});
