// Staged publishing: a pipeline stages, a person approves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Issuer, newJob, publisherOf } from './lib/issuer.mjs';
import { Workspace, current, npmStageMinimum } from './lib/npm.mjs';
import { Server, binary } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

for (const [client, staging] of [...current.map((c) => [c, c]), [current[0], npmStageMinimum]]) {
  describe(`staging with ${staging.name}`, () => {
    let issuer, server, token, factor, job, person, ci;
    const stage = (version, args = ['stage', 'publish']) => {
      ci.manifest({ name: '@alice/lib', version });
      return ci.npm(staging, args, { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    };
    const staged = async () => (await server.request('GET', '/-/stage?page=0&perPage=100', { token })).json.items;

    const review = (id, as) => {
      const { status, stdout, stderr } = spawnSync(binary, ['stage', 'review', id, '--registry', server.url],
        { encoding: 'utf8', env: { ...process.env, IMPRIMATUR_TOKEN: as } });
      return { code: status, stdout, stderr };
    };

    before(async () => {
      issuer = await Issuer.start();
      server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
      token = server.addUser('alice', { admin: true });
      factor = await enableTotp(server, token, "alice's long password");
      person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
      ci = new Workspace(server);
      job = newJob();
      const code = async () => ({ headers: { 'npm-otp': await factor.code() } });
      const first = await person.npm(client, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
      assert.equal(first.code, 0, first.output);
      const trusted = await server.request('POST', '/-/package/@alice%2flib/trust', {
        token, ...(await code()), body: [publisherOf(job, ['createStagedPackage'])],
      });
      assert.equal(trusted.status, 200, trusted.text);
    });
    after(async () => {
      await server.dispose();
      await issuer.stop();
    });

    test('a stage-only publisher cannot publish', async () => {
      const refused = await stage('2.0.0', ['publish']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.output, /OIDC permission denied for this action/);
    });

    test('what is staged is not public, and holds its number', async () => {
      const done = await stage('2.0.0');
      assert.equal(done.code, 0, `${done.output}\n${server.log}`);
      const packument = await server.request('GET', '/@alice%2flib');
      assert.deepEqual(Object.keys(packument.json.versions), ['1.0.0']);
      const again = await stage('2.0.0');
      assert.notEqual(again.code, 0);
      assert.match(again.output, /Cannot stage previously published version "2\.0\.0"/);
    });

    test('list, view and download', async () => {
      const [item] = await staged();
      assert.equal(item.packageName, '@alice/lib');
      assert.equal(item.actorType, 'trusted automation');
      const listed = await person.npm(staging, ['stage', 'list', '@alice/lib']);
      assert.equal(listed.code, 0, listed.output);
      assert.match(listed.stdout, /2\.0\.0/);
      const viewed = await person.npm(staging, ['stage', 'view', item.id]);
      assert.equal(viewed.code, 0, viewed.output);
      for (const { stdout } of [listed, viewed]) {
        // npm prints what it does not know as JavaScript turns it into text.
        assert.doesNotMatch(stdout, /\[object Object\]/);
        assert.match(stdout, /run\.vcs-ref: refs\/heads\/main/);
        assert.match(stdout, new RegExp(`run\\.project-id: ${job.project}`));
        assert.match(stdout, /expiresAt: /);
      }
      const downloaded = await person.npm(staging, ['stage', 'download', item.id]);
      assert.equal(downloaded.code, 0, downloaded.output);
      assert.ok(readdirSync(person.directory).some((file) => file.includes('2.0.0') && file.endsWith('.tgz')));
    });

    test('a review shows what changed', async () => {
      const [item] = await staged();
      const text = await review(item.id, token);
      assert.equal(text.code, 0, text.stderr);
      assert.match(text.stdout, /^@alice\/lib@2\.0\.0 for the tag latest, staged by CircleCI \(trusted publisher\)/);
      assert.match(text.stdout, /compared with 1\.0\.0/);
      assert.match(text.stdout, /changed package\.json/);
      assert.match(text.stdout, /^\+.*"version": ?"2\.0\.0"/m);
      const mallory = await review(item.id, server.addUser('eve'));
      assert.equal(mallory.code, 1);
      assert.match(mallory.stderr, /stage_not_found/);
    });

    test('approval needs a second factor, and makes it live', async () => {
      const [item] = await staged();
      const refused = await person.npm(staging, ['stage', 'approve', item.id]);
      assert.notEqual(refused.code, 0);
      assert.match(refused.output, /EOTP|one-time pass/i);
      const approved = await person.npm(staging, ['stage', 'approve', item.id, `--otp=${await factor.code()}`]);
      assert.equal(approved.code, 0, `${approved.output}\n${server.log}`);
      const { json } = await server.request('GET', '/@alice%2flib');
      assert.equal(json['dist-tags'].latest, '2.0.0');
      assert.equal(json.versions['2.0.0']._npmUser.approver.name, 'alice');
      assert.equal(json.versions['2.0.0']._npmUser.trustedPublisher.id, 'circleci');
    });

    test('a policy asks for another person too, and npm prints what is missing', async () => {
      const bob = server.addUser('bob');
      const bobs = await enableTotp(server, bob, "bob's long password");
      const owners = await person.npm(client, ['owner', 'add', 'bob', '@alice/lib', `--otp=${await factor.code()}`]);
      assert.equal(owners.code, 0, owners.output);
      const policy = (body) => async () => server.request('PUT', '/-/package/@alice%2flib/stage-policy',
        { token, headers: { 'npm-otp': await factor.code() }, body });
      assert.equal((await policy({ approvals: 2 })()).status, 200);
      assert.equal((await stage('2.0.1')).code, 0);
      const [item] = await staged();
      const first = await person.npm(staging, ['stage', 'approve', item.id, `--otp=${await factor.code()}`]);
      assert.equal(first.code, 0, first.output);
      assert.match(first.output, /not published yet: 1 of 2 approvals, 1 more needed/);
      assert.equal((await server.request('GET', '/@alice%2flib')).json['dist-tags'].latest, '2.0.0');
      const other = new Workspace(server, { token: bob });
      const second = await other.npm(staging, ['stage', 'approve', item.id, `--otp=${await bobs.code()}`]);
      assert.equal(second.code, 0, second.output);
      assert.doesNotMatch(second.output, /more needed/);
      assert.equal((await server.request('GET', '/@alice%2flib')).json['dist-tags'].latest, '2.0.1');
      assert.equal((await policy({ approvals: 1 })()).status, 200);
    });

    test('a rejected version can be staged again', async () => {
      assert.equal((await stage('2.1.0')).code, 0);
      const [item] = await staged();
      const rejected = await person.npm(staging, ['stage', 'reject', item.id, `--otp=${await factor.code()}`]);
      assert.equal(rejected.code, 0, rejected.output);
      assert.deepEqual(await staged(), []);
      assert.equal((await stage('2.1.0')).code, 0);
    });

    test('strangers see nothing', async () => {
      const [item] = await staged();
      const mallory = server.addUser('mallory');
      assert.equal((await server.request('GET', '/-/stage', { token: mallory })).json.total, 0);
      assert.equal((await server.request('GET', `/-/stage/${item.id}`, { token: mallory })).status, 404);
      assert.equal((await server.request('POST', `/-/stage/${item.id}/approve`, { token: mallory })).status, 404);
      assert.equal((await server.request('GET', `/-/stage/${item.id}`)).status, 401);
    });
  });
}
