// Where a version comes from, checked by `imprimatur verify` against the real server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Issuer, newJob, publisherOf } from './lib/issuer.mjs';
import { Workspace, npm12 } from './lib/npm.mjs';
import { Server, binary } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

/** The trusted root of the public Sigstore instance, as npm ships it. */
function publicRoot() {
  const seeds = createRequire(npm12.cli)('@sigstore/tuf/seeds.json');
  return Buffer.from(Object.values(seeds)[0].targets['trusted_root.json'], 'base64').toString();
}

describe('provenance', () => {
  let place, rootFile, issuer, server, token, factor;
  const job = newJob();
  const verify = (release, ...args) => {
    const { status, stdout, stderr } = spawnSync(binary, ['verify', release, '--registry', server.url, '--json', ...args],
      { encoding: 'utf8' });
    assert.equal(stderr, '');
    const report = JSON.parse(stdout);
    return { status, ...report, outcome: Object.fromEntries(report.checks.map((one) => [one.check, one.outcome])), report };
  };

  before(async () => {
    place = mkdtempSync(join(tmpdir(), 'imprimatur-provenance-'));
    rootFile = join(place, 'trusted_root.json');
    writeFileSync(rootFile, publicRoot());
    issuer = await Issuer.start();
    server = await Server.start({ settings:
      `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\nprovenance:\n  trusted_root: ${rootFile}\n` });
    token = server.addUser('alice', { admin: true });
    factor = await enableTotp(server, token, "alice's long password");
    const person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    const first = await person.npm(npm12, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    const trusted = await server.request('POST', '/-/package/@alice%2flib/trust', {
      token, headers: { 'npm-otp': await factor.code() },
      body: [publisherOf(job, ['createPackage', 'createStagedPackage'])],
    });
    assert.equal(trusted.status, 200, trusted.text);
    const ci = new Workspace(server);
    const publish = async (version, args) => {
      ci.manifest({ name: '@alice/lib', version });
      const done = await ci.npm(npm12, args, { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
      assert.equal(done.code, 0, done.output);
    };
    await publish('1.1.0', ['publish']);
    await publish('1.2.0', ['stage', 'publish']);
    const [staged] = (await server.request('GET', '/-/stage', { token })).json.items;
    const approved = await server.request('POST', `/-/stage/${staged.id}/approve`,
      { token, headers: { 'npm-otp': await factor.code() } });
    assert.equal(approved.status, 201, approved.text);
  });
  after(async () => {
    await server?.dispose();
    await issuer?.stop();
    rmSync(place, { recursive: true, force: true });
  });

  test('what a pipeline published is verified to its record in the audit log', () => {
    const direct = verify('@alice/lib@1.1.0');
    assert.equal(direct.status, 0, JSON.stringify(direct.report));
    assert.deepEqual(direct.outcome, { manifest: 'passed', tarball: 'passed', signature: 'passed', attestation: 'passed',
      inclusion: 'passed', checkpoint: 'passed', consistency: 'skipped' });
    assert.match(direct.checks[3].told, new RegExp(`direct by circleci of ${issuer.base}.*${job.project}`));
  });

  test('a release that was approved names its approver, and the log grew from a noted checkpoint', async () => {
    const noted = join(place, 'noted.txt');
    assert.equal(verify('@alice/lib@1.1.0', '--note', noted).status, 0);
    server.addUser('bob');
    const keys = join(place, 'keys.json');
    writeFileSync(keys, (await server.request('GET', '/-/npm/v1/keys')).text);
    const [{ vkey }] = (await server.request('GET', '/-/audit/keys')).json.keys;
    const staged = verify('@alice/lib@1.2.0', '--keys', keys, '--log-key', vkey, '--checkpoint', noted, '--trusted-root', rootFile);
    assert.equal(staged.status, 0, JSON.stringify(staged.report));
    assert.equal(staged.outcome.consistency, 'passed');
    assert.match(staged.checks[3].told, /staged by circleci.*approved by alice/);
  });

  test('what a person published has a signature and nothing more', () => {
    const one = verify('@alice/lib@1.0.0');
    assert.equal(one.status, 0, JSON.stringify(one.report));
    assert.equal(one.outcome.attestation, 'skipped');
  });

  test('a checkpoint is kept of what no attestation leads from, and what is absent can be required', () => {
    const noted = join(place, 'noted.txt');
    const person = verify('@alice/lib@1.0.0', '--note', noted);
    assert.equal(person.status, 0, JSON.stringify(person.report));
    assert.equal(person.outcome.checkpoint, 'passed');
    assert.match(readFileSync(noted, 'utf8'), /\/-\/audit\n\d+\n/);
    const required = verify('@alice/lib@1.0.0', '--require', 'attestation,inclusion');
    assert.equal(required.status, 1);
    assert.deepEqual([required.outcome.attestation, required.outcome.inclusion], ['failed', 'failed']);
    const unwritable = spawnSync(binary, ['verify', '@alice/lib@1.0.0', '--registry', server.url, '--note', join(place, 'no/such')],
      { encoding: 'utf8' });
    assert.equal(unwritable.status, 1);
    assert.match(unwritable.stderr, /cannot be written/);
  });

  test('what is not there is not verified', () => {
    const one = verify('@alice/lib@9.9.9');
    assert.equal(one.status, 1);
    assert.equal(one.good, false);
    const nothing = spawnSync(binary, ['verify', '@alice/lib', '--registry', server.url], { encoding: 'utf8' });
    assert.equal(nothing.status, 2);  // the words of the command, not the registry's
    assert.match(nothing.stderr, /Name one version/);
  });

  test('another registry key than the noted one is not believed', async () => {
    const other = await Server.start({});
    try {
      const keys = join(place, 'other.json');
      writeFileSync(keys, (await other.request('GET', '/-/npm/v1/keys')).text);
      const one = verify('@alice/lib@1.1.0', '--keys', keys);
      assert.equal(one.status, 1);
      assert.equal(one.outcome.signature, 'failed');
      assert.equal(one.outcome.attestation, 'failed');
    } finally {
      await other.dispose();
    }
  });

  test('a server does not start with a trusted root that it cannot use', async () => {
    const broken = join(place, 'broken.json');
    writeFileSync(broken, readFileSync(rootFile, 'utf8').replace('"certificateAuthorities"', '"certificateAuthority"'));
    await assert.rejects(Server.start({ settings: `provenance:\n  trusted_root: ${broken}\n` }),
      /broken\.json: This is not a trusted root of Sigstore: it names no "certificateAuthorities"/);
  });
});
