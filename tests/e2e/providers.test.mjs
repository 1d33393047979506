// GitHub Actions, GitLab CI/CD and issuers of other kinds with npm itself: trusted, used, refused, frozen.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Issuer, githubJob, gitlabJob } from './lib/issuer.mjs';
import { Workspace, current } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const exchangePath = '/-/npm/v1/oidc/token/exchange/package/@alice%2flib';

const shapes = [
  {
    kind: 'github', job: githubJob, ci: 'GITHUB_ACTIONS', machine: 'GitHub Actions', ref: 'ref',
    trust: ['--repository', 'acme/widgets', '--file', 'release.yml', '--environment', 'npm'],
    listed: { type: 'github', file: 'release.yml', repository: 'acme/widgets', environment: 'npm' },
    claims: { repository: 'acme/widgets', workflow_ref: { file: 'release.yml' } },
    tagged: (job) => job,
    refused: [
      [{ event_name: 'pull_request_target' }, 403, 'banned_event'],
      [{ event_name: 'workflow_run' }, 403, 'banned_event'],
      [{ runner_environment: 'self-hosted' }, 403, 'self_hosted_runner'],
      [{ repository_id: '1002' }, 403, 'resurrected_project'],
      [{ repository_owner_id: '78' }, 403, 'resurrected_project'],
      [{ repository: 'acme/gadgets' }, 404, 'no_matching_publisher'],
      [{ repository_owner: 'mallory' }, 403, 'tenant_mismatch'],
      [{ environment: 'NPM' }, 403, 'claim_mismatch'],
      [{ workflow_ref: 'acme/widgets/.github/workflows/release.yml@evil.yml@refs/heads/main' }, 403, 'claim_mismatch'],
      [{ workflow_ref: 'acme/evil/.github/workflows/release.yml@refs/heads/main' }, 403, 'claim_mismatch'],
    ],
  },
  {
    kind: 'gitlab', job: gitlabJob, ci: 'GITLAB_CI', machine: 'GitLab CI/CD', ref: 'ref_path', options: ['--self-hosted-runners'],
    trust: ['--project', 'acme/tools/widgets', '--file', '.gitlab-ci.yml', '--environment', 'npm'],
    listed: { type: 'gitlab', file: '.gitlab-ci.yml', project: 'acme/tools/widgets', environment: 'npm' },
    claims: { project_path: 'acme/tools/widgets', ci_config_ref_uri: { file: '.gitlab-ci.yml' } },
    refused: [
      [{ pipeline_source: 'merge_request_event' }, 403, 'banned_event'],
      [{ project_id: '1002' }, 403, 'resurrected_project'],
      [{ namespace_id: '78' }, 403, 'resurrected_project'],
      [{ ci_config_ref_uri: null }, 403, 'claim_missing'],
      [{ ci_config_ref_uri: 'gitlab.example/acme/tools/widgets//evil.yml@refs/heads/main' }, 403, 'claim_mismatch'],
      [{ project_path: 'mallory/widgets', namespace_path: 'mallory' }, 404, 'no_matching_publisher'],
    ],
  },
];

for (const client of current) {
  for (const shape of shapes) {
    describe(`npm trust ${shape.kind} with ${client.name}`, () => {
      let server, issuer, token, factor, person, ci, publisher;
      before(async () => {
        issuer = await Issuer.start();
        server = await Server.start();
        token = server.addUser('alice', { admin: true });
        factor = await enableTotp(server, token, "alice's long password");
        person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
        ci = new Workspace(server);
        const first = await person.npm(client, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
        assert.equal(first.code, 0, first.output);
        // Beside the running server, which sees it with the next request.
        server.command(['issuer', 'add', 'mine', '--kind', shape.kind, '--url', issuer.base, '--private-address', '--default', ...shape.options ?? []]);
      });
      after(async () => {
        await server.dispose();
        await issuer.stop();
      });

      const exchange = (idToken) => server.request('POST', exchangePath, { token: idToken });
      const publish = (version, idToken) => {
        ci.manifest({ name: '@alice/lib', version });
        return ci.npm(client, ['publish'], { env: { [shape.ci]: 'true', NPM_ID_TOKEN: idToken } });
      };

      test('a pipeline publishes with its identity token and nothing else', async () => {
        const trusted = await person.npm(client, ['trust', shape.kind, '@alice/lib', ...shape.trust, '--allow-publish', '--yes', '--json',
          `--otp=${await factor.code()}`]);
        assert.equal(trusted.code, 0, `${trusted.output}\n${server.log}`);
        publisher = JSON.parse(trusted.stdout.slice(trusted.stdout.lastIndexOf('\n{'))).id;
        const published = await publish('1.1.0', issuer.tokenOf(shape.job()));
        assert.equal(published.code, 0, `${published.output}\n${server.log}`);
        const user = (await server.request('GET', '/@alice%2flib')).json.versions['1.1.0']._npmUser;
        assert.equal(user.name, shape.machine);
        assert.deepEqual(user.trustedPublisher, { id: shape.kind, oidcConfigId: `oidc:${publisher}` });
      });

      test('the list shows it', async () => {
        const listed = await person.npm(client, ['trust', 'list', '@alice/lib', '--json', `--otp=${await factor.code()}`]);
        assert.equal(listed.code, 0, listed.output);
        const { id, permissions, ...shown } = JSON.parse(listed.stdout);
        assert.deepEqual(shown, shape.listed);
        assert.equal(id, publisher);
      });

      test('tokens that say something else are refused', async () => {
        for (const [claims, status, code] of shape.refused) {
          const refused = await exchange(issuer.tokenOf(shape.job(), claims));
          assert.equal(refused.json.code, code, `${JSON.stringify(claims)}: ${refused.text}`);
          assert.equal(refused.status, status);
        }
      });

      test('the version is bound to the tag', async () => {
        const trusted = await server.request('POST', '/-/package/@alice%2flib/trust', {
          token, headers: { 'npm-otp': await factor.code() },
          body: [{ type: shape.kind, claims: { ...shape.claims, environment: 'tags', [shape.ref]: 'refs/tags/v{{version}}' },
            permissions: ['createPackage'] }],
        });
        assert.equal(trusted.status, 200, trusted.text);
        const tagged = () => issuer.tokenOf(shape.job('refs/tags/v2.0.0'), { environment: 'tags' });
        const other = await publish('2.0.1', tagged());
        assert.notEqual(other.code, 0);
        assert.match(other.output, /binds the version to the ref, which says 2\.0\.0/);
        const published = await publish('2.0.0', tagged());
        assert.equal(published.code, 0, published.output);
      });

      test('a frozen issuer publishes nothing, and is in the audit log', async () => {
        server.command(['issuer', 'freeze', 'mine']);
        assert.equal((await exchange(issuer.tokenOf(shape.job()))).json.code, 'issuer_frozen');
        server.command(['issuer', 'unfreeze', 'mine']);
        assert.equal((await exchange(issuer.tokenOf(shape.job()))).status, 201);
        const actions = server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line).action);
        for (const action of ['issuer.add', 'issuer.freeze', 'issuer.unfreeze']) assert.ok(actions.includes(action), action);
      });

      test('npm revokes it', async () => {
        const revoked = await person.npm(client, ['trust', 'revoke', '@alice/lib', '--id', publisher, `--otp=${await factor.code()}`]);
        assert.equal(revoked.code, 0, revoked.output);
        // The one for tags is of the same project, and is still there.
        assert.equal((await exchange(issuer.tokenOf(shape.job()))).json.code, 'claim_mismatch');
      });
    });
  }
}

describe('issuers of other kinds', () => {
  let server, issuer, broken, token, factor;
  before(async () => {
    [issuer, broken] = [await Issuer.start(), await Issuer.start()];
    server = await Server.start();
    token = server.addUser('alice', { admin: true });
    factor = await enableTotp(server, token, "alice's long password");
    const person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    const first = await person.npm(current[0], ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    for (const [id, from] of [['forge', issuer], ['broken', broken]]) {
      server.command(['issuer', 'add', id, '--kind', 'generic', '--url', from.base, '--private-address', '--tenant-claim', 'organization']);
    }
    for (const id of ['forge', 'broken']) {
      const trusted = await trust(id, { organization: 'acme', pipeline: 'release' });
      assert.equal(trusted.status, 200, trusted.text);
    }
  });
  after(async () => {
    await server.dispose();
    await issuer.stop();
    await broken.stop();
  });
  const trust = async (id, claims) => server.request('POST', '/-/package/@alice%2flib/trust', {
    token, headers: { 'npm-otp': await factor.code() },
    body: [{ type: 'generic', issuer: id, claims, permissions: ['createPackage'] }],
  });
  const job = { sub: 'job:1', organization: 'acme', pipeline: 'release' };
  const exchange = (from, claims = {}) => server.request('POST', exchangePath, { token: from.tokenOf(job, claims) });

  test('publish by the claims that a publisher names', async () => {
    assert.equal((await exchange(issuer)).status, 201);
    assert.equal((await exchange(issuer, { organization: 'mallory' })).json.code, 'no_matching_publisher');
    assert.equal((await exchange(issuer, { pipeline: ['release'] })).json.code, 'no_matching_publisher');
  });

  test('a publisher without the tenant is refused', async () => {
    const refused = await trust('forge', { pipeline: 'release' });
    assert.equal(refused.json.code, 'invalid_publisher');
    assert.match(refused.json.message, /organization/);
  });

  test('one that is down or misbehaves blocks no other', async () => {
    for (const trouble of ['silence', 'an error', 'HTML']) {
      broken.trouble = trouble;
      const [bad, good] = await Promise.all([exchange(broken), exchange(issuer)]);
      assert.equal(bad.json.code, 'issuer_unavailable');
      assert.equal(good.status, 201);
    }
  });
});
