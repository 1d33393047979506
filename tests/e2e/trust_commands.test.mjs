// `imprimatur trust` against a running server: publishers, checks, explanations, and a trust file for many packages.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ci } from './lib/ci.mjs';
import { Issuer, newJob, publisherOf } from './lib/issuer.mjs';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Server, binary } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

/** Runs the command in an empty home, as on another machine. */
function trust(home, args, { env = {}, input = '' } = {}) {
  const child = spawn(binary, ['trust', ...args], { cwd: home, env: { PATH: process.env.PATH, HOME: home, ...env } });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr, all: stdout + stderr })));
}

describe('imprimatur trust', () => {
  const job = newJob();
  const { claims } = publisherOf(job);
  let server, issuer, factor, token, home, maintainer;
  const names = ['@alice/a', '@alice/b', '@alice/c'];

  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
    token = server.addUser('alice');
    for (const name of names) {
      const person = new Workspace(server, { token, manifest: { name, version: '1.0.0' } });
      const published = await person.npm(npm11, ['publish', '--access', 'public']);
      assert.equal(published.code, 0, published.output);
    }
    factor = await enableTotp(server, token, "alice's long password");
    home = mkdtempSync(join(tmpdir(), 'imprimatur-trust-'));
    // As `npm login` leaves it.
    writeFileSync(join(home, '.npmrc'), `//localhost:${server.port}/:_authToken=${token}\n`);
    maintainer = (args, options) => trust(home, [...args, '--registry', server.url], options);
  });
  after(async () => {
    await server.dispose();
    await issuer.stop();
    rmSync(home, { recursive: true, force: true });
  });
  const bearer = (args, options = {}) => {
    const stranger = mkdtempSync(join(tmpdir(), 'imprimatur-job-'));
    return trust(stranger, [...args, '--registry', server.url], options)
      .finally(() => rmSync(stranger, { recursive: true, force: true }));
  };

  test('adds, lists and revokes', async () => {
    const flags = Object.entries(claims).flatMap(([name, value]) => ['--claim', `${name}=${value}`]);
    const add = ['add', '@alice/a', '--type', 'circleci', '--allow-stage-publish', ...flags];
    const without = await maintainer(add);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /--otp/);
    const added = await maintainer([...add, '--otp', await factor.code()]);
    assert.equal(added.code, 0, added.all);
    assert.match(added.stdout, /permissions: createStagedPackage/);
    const listed = await maintainer(['list', '@alice/a', '--json', '--otp', await factor.code()]);
    const [{ id }] = JSON.parse(listed.stdout);
    const revoked = await maintainer(['revoke', '@alice/a', id, '--otp', await factor.code()]);
    assert.equal(revoked.code, 0, revoked.all);
    const empty = await maintainer(['list', '@alice/a', '--otp', await factor.code()]);
    assert.match(empty.stdout, /has no trusted publisher/);
  });

  test('applies a trust file, once, with one code', async () => {
    const file = join(home, 'trust.yaml');
    const yaml = (permission) => `publishers:
  release:
    type: circleci
    claims:
${Object.entries(claims).map(([name, value]) => `      ${name}: ${value}`).join('\n')}
    permissions: [${permission}]
packages:
${names.map((name) => `  "${name}": [release]`).join('\n')}
`;
    writeFileSync(file, yaml('createStagedPackage'));
    const plan = await maintainer(['plan', '--file', file]);
    assert.equal(plan.code, 0, plan.all);
    assert.match(plan.stdout, /Plan: 3 to add, 0 to change, 0 to remove; unchanged: 0, refused: 0/);
    const applied = await maintainer(['apply', '--file', file, '--otp', await factor.code()]);
    assert.equal(applied.code, 0, applied.all);
    assert.match(applied.stdout, /Applied: 3 added/);
    assert.match((await maintainer(['apply', '--file', file])).stdout, /unchanged: 3/);
    writeFileSync(file, yaml('createPackage'));
    const changed = await maintainer(['apply', '--file', '-', '--otp', await factor.code()], { input: yaml('createPackage') });
    assert.match(changed.stdout, /Applied: 0 added, 3 changed/, changed.all);
  });

  test('what is exported is what there is', async () => {
    const exported = await maintainer(['export']);
    assert.equal(exported.code, 0, exported.all);
    assert.match(exported.stdout, /circleci-1:/);
    const plan = await maintainer(['plan', '--file', '-', '--prune'], { input: exported.stdout });
    assert.match(plan.stdout, /Plan: 0 to add, 0 to change, 0 to remove; unchanged: 3, refused: 0/);
  });

  test('applies the publishers of a scope and of a package that does not exist, and exports them', async () => {
    await new Ci(server, token).createOrganization('acme');
    const input = `publishers:
  release:
    type: circleci
    claims:
${Object.entries(claims).map(([name, value]) => `      ${name}: ${value}`).join('\n')}
    permissions: [createPackage]
scopes:
  "@acme": [release]
  "@nobody": [release]
packages:
  fresh: [release]
`;
    const plan = await maintainer(['plan', '--file', '-'], { input });
    assert.equal(plan.code, 1, plan.all);
    assert.match(plan.stdout, /^scope @acme\n {2}\+ circleci /m);
    assert.match(plan.stdout, /^scope @nobody\n {2}refused: .* \(organization_not_found\)\n {2}-:12:3$/m);
    assert.match(plan.stdout, /^fresh \(no package yet\)\n {2}\+ circleci /m);
    assert.match(plan.stdout, /^Plan: 1 to add, 1 to prepare, 0 to change, 0 to remove; unchanged: 0, refused: 1$/m);
    const file = input.replace('  "@nobody": [release]\n', '');
    const applied = await maintainer(['apply', '--file', '-', '--otp', await factor.code()], { input: file });
    assert.match(applied.stdout, /^Applied: 1 added, 1 prepared, .*unchanged: 0, refused: 0$/m, applied.all);
    assert.match((await maintainer(['apply', '--file', '-'], { input: file })).stdout, /unchanged: 2/);
    const scoped = await maintainer(['export', '--scope', '@acme']);
    assert.match(scoped.stdout, /^scopes:\n {2}"@acme":\n/m, scoped.all);
    const exported = await maintainer(['export']);
    assert.match(exported.stdout, /^ {2}"fresh": {2}# no package yet$/m, exported.all);
    const planned = await maintainer(['plan', '--prune', '--file', '-'], { input: exported.stdout });
    assert.match(planned.stdout, /^Plan: 0 to add, 0 to change, 0 to remove; unchanged: 5, refused: 0$/m, planned.all);

    const ofScope = await server.request('POST', '/-/npm/v1/oidc/token/exchange/package/@acme%2fnew', { token: issuer.token(job) });
    assert.equal(ofScope.status, 201, ofScope.text);
    const ci = new Workspace(server, { token: 'none', manifest: { name: 'fresh', version: '1.0.0' } });
    const published = await ci.npm(npm11, ['publish'], { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    assert.equal(published.code, 0, published.output);
    // The package has what was prepared for it: with either file there is nothing to do.
    for (const text of [file, exported.stdout]) {
      const again = await maintainer(['apply', '--prune', '--file', '-'], { input: text });
      assert.match(again.stdout, /^Applied: 0 added, 0 changed, 0 removed; .*refused: 0$/m, again.all);
    }
  });

  test('says where a trust file is wrong', async () => {
    const wrong = await maintainer(['plan', '--file', '-'], { input: 'packages:\n  "@alice/a":\n    - kind: circleci\n' });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^imprimatur: -:3:7: .*allowed are type, claims, permissions and issuer/);
    const input = `packages:
  "@alice/a":
    - type: circleci
      claims:
        oidc.circleci.com/org-id: acme
      permissions: [createPackage]
`;
    const refused = await maintainer(['plan', '--file', '-'], { input });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /must be a UUID/);
    assert.match(refused.stdout, /-:5:9/);
  });

  test('a check changes nothing, and tells a job what the exchange would', async () => {
    const good = issuer.token(job);
    const check = ['check', '@alice/a'];
    for (let i = 0; i < 2; i++) {
      const granted = await bearer(check, { env: { NPM_ID_TOKEN: good } });
      assert.equal(granted.code, 0, granted.all);
      assert.match(granted.stdout, /^would_be_granted\n/);
    }
    const other = issuer.token(job, { 'oidc.circleci.com/vcs-origin': 'github.com/acme/gadgets' });
    const refused = await bearer([...check, '--token-file', '-'], { input: `${other}\n` });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^claim_mismatch\n/);
    assert.doesNotMatch(refused.stdout, /publisher .*:/);
    const full = await maintainer([...check, '--token-file', '-'], { input: other });
    assert.match(full.stdout, /differs {2}oidc.circleci.com\/vcs-origin\n +expected github.com\/acme\/widgets\n +received github.com\/acme\/gadgets/);
    const described = await maintainer([...check, '--claim', 'oidc.circleci.com/ssh-rerun=false',
      ...Object.entries(claims).flatMap(([name, value]) => ['--claim', `${name}=${value}`])]);
    assert.equal(described.code, 0, described.all);
    assert.match(described.stdout, /^would_be_granted_if_genuine\n {2}Not verified/);
    const exchanged = await server.request('POST', '/-/npm/v1/oidc/token/exchange/package/@alice%2fa', { token: good });
    assert.equal(exchanged.status, 201, exchanged.text);
  });

  test('explains an attempt, and the publish that failed after it', async () => {
    // A token that is no good any more is what a CI job is often left with; without any npm does not even ask.
    const ci = new Workspace(server, { token: 'stale', manifest: { name: '@alice/a', version: '2.0.0' } });
    const published = await ci.npm(npm11, ['publish'], {
      env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job, { 'oidc.circleci.com/ssh-rerun': true }) },
    });
    assert.notEqual(published.code, 0);
    const notices = published.output.match(/npm notice .*/g).join('\n');
    assert.match(notices, /ssh_rerun/);
    assert.match(notices, new RegExp(`${server.url}/-/docs/guide/troubleshooting.md#`));
    const [, attempt] = notices.match(/refused \d+ seconds ago .*trust explain ([0-9a-f-]{36})/);
    const explained = await maintainer(['explain', attempt]);
    assert.equal(explained.code, 0, explained.all);
    assert.match(explained.stdout, /^exchange of @alice\/a: ssh_rerun\n/);
    assert.match(explained.stdout, /agrees {3}oidc.circleci.com\/org-id/);
    const stranger = await bearer(['explain', attempt]);
    assert.equal(stranger.code, 1);
    assert.match(stranger.stderr, /IMPRIMATUR_TOKEN/);
    const page = await server.request('GET', '/-/docs/guide/troubleshooting.md', { headers: { accept: 'text/html' } });
    assert.equal(page.status, 200);
    assert.match(page.text, /<a id="ssh_rerun"><\/a>/);
  });
});
