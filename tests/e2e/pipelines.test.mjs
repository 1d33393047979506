// The guide, with the server's own CI: a push becomes a published package, and everything that must
// not publish does not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ci } from './lib/ci.mjs';
import { Workspace, npm11, npm12 } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const guard = 'trusted-publishing-guard';
const publishJob = (server, image, more = '') => `
    docker:
      - image: ${image}
    steps:
      - checkout
      - run: npm ci
      - run: npm test
      - run: npm run build --if-present
      - run:
          name: No npm token anywhere
          command: |
            ! env | grep -iE 'NPM_TOKEN|_authToken'
            ! grep -rs _authToken ~/.npmrc .npmrc
      - run:
          name: Publish
          command: |
            export NPM_ID_TOKEN=$(circleci run oidc get --claims '{"aud": "npm:localhost"}')
            npm version --no-git-tag-version "1.1.$CIRCLE_BUILD_NUM"
            npm publish --access public${more}`;

for (const [image, client] of [['cimg/node:22.14', npm11], ['cimg/node:24.16', npm12]]) {
  describe(`the guide with ${image} and ${client.name}`, () => {
    let server, token, factor, ci, project, repository, context;
    let pipelines = 0;
    const config = (jobs, workflow) => `version: 2.1\njobs:\n  publish:${jobs}\nworkflows:\n  release:\n    jobs:\n${workflow}`;
    const guarded = (jobs) => config(jobs, `      - publish:\n          context: [${guard}]\n`);
    const push = async (branch, files = {}, until) => {
      repository.write(files).push(branch);
      return ci.settled(project, ++pipelines, until);
    };
    const only = async (settled) => ci.job(project, (await ci.jobs(settled.workflows[0]))[0]);

    before(async () => {
      server = await Server.start({ args: [] });
      token = server.addUser('alice', { admin: true });
      factor = await enableTotp(server, token, "alice's long password");
      ci = new Ci(server, token);
      await ci.createOrganization('acme');
      project = await ci.createProject('widget');
      repository = ci.repository(project);
      const person = new Workspace(server, { token, manifest: { name: '@acme/widget', version: '1.0.0' } });
      const first = await person.npm(client, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
      assert.equal(first.code, 0, first.output);
      const trusted = await person.npm(client, ['trust', 'circleci', '@acme/widget', '--org-id', ci.organization.id,
        '--project-id', project.id, '--pipeline-definition-id', project.definition, '--vcs-origin', project.origin,
        '--allow-publish', '--yes', `--otp=${await factor.code()}`]);
      assert.equal(trusted.code, 0, trusted.output);
      context = await ci.expect('POST', '/context', { name: guard, owner: { id: ci.organization.id, type: 'organization' } });
      for (const [type, value] of [['project', project.id], ['expression', 'pipeline.git.branch == "main" and not job.ssh.enabled']]) {
        await ci.expect('POST', `/context/${context.id}/restrictions`, { restriction_type: type, restriction_value: value });
      }
      const manifest = { name: '@acme/widget', version: '1.0.0', main: 'index.js', scripts: { test: 'node --check index.js' } };
      repository.write({
        'package.json': JSON.stringify(manifest, null, 2),
        'package-lock.json': JSON.stringify({ name: manifest.name, version: manifest.version, lockfileVersion: 3, requires: true,
          packages: { '': { name: manifest.name, version: manifest.version } } }, null, 2),
        'index.js': 'module.exports = 1;\n',
        '.npmrc': `registry=${server.url}/\n`,
        '.circleci/config.yml': guarded(publishJob(server, image)),
      });
    });
    after(() => server.dispose());

    test('a push to main publishes, without a secret, under the build\'s number', async () => {
      const settled = await push('main');
      const job = await only(settled);
      assert.equal(settled.workflows[0].status, 'success', job.output);
      const { json } = await server.request('GET', '/@acme%2fwidget');
      assert.equal(json['dist-tags'].latest, `1.1.${job.number}`);
      assert.equal(json.versions[`1.1.${job.number}`]._npmUser.trustedPublisher.id, 'circleci');
      assert.doesNotMatch(job.output, /eyJ[\w-]+\.eyJ/, 'an identity token is in the output');
    });

    test('what was published installs from an empty directory', async () => {
      const app = new Workspace(server, { manifest: { name: 'app', version: '1.0.0' } });
      const installed = await app.npm(client, ['install', '@acme/widget']);
      assert.equal(installed.code, 0, installed.output);
      assert.match(readFileSync(join(app.directory, 'node_modules/@acme/widget/index.js'), 'utf8'), /exports/);
    });

    test('another branch is unauthorized, and the expression that said no is shown', async () => {
      const settled = await push('feature');
      assert.equal(settled.workflows[0].status, 'unauthorized');
      const [job] = await ci.jobs(settled.workflows[0]);
      const detail = await ci.expect('GET', `/project/${project.slug}/job/${job.job_number}`).catch(() => job);
      assert.match(JSON.stringify(detail), /pipeline\.git\.branch == /);
    });

    test('a rerun with SSH does not get the context', async () => {
      const { items } = await ci.expect('GET', `/project/${project.slug}/pipeline`);
      const first = items.find((item) => item.number === 1);
      const [workflow] = (await ci.expect('GET', `/pipeline/${first.id}/workflow`)).items;
      const [job] = await ci.jobs(workflow);
      await ci.expect('POST', `/workflow/${workflow.id}/rerun`, { enable_ssh: true, jobs: [job.id] });
      const again = await ci.settled(project, 1);
      assert.ok(again.workflows.some((w) => w.status === 'unauthorized'), JSON.stringify(again.workflows));
    });

    test('without the expression, the exchange itself refuses the rerun with SSH and names the claim', async () => {
      const { items } = await ci.expect('GET', `/context/${context.id}/restrictions`);
      const expression = items.find((item) => item.restriction_type === 'expression');
      await ci.expect('DELETE', `/context/${context.id}/restrictions/${expression.id}`);
      const { items: all } = await ci.expect('GET', `/project/${project.slug}/pipeline`);
      const first = all.find((item) => item.number === 1);
      const workflow = (await ci.expect('GET', `/pipeline/${first.id}/workflow`)).items.find((w) => w.status === 'success');
      const [job] = await ci.jobs(workflow);
      const { workflow_id: id } = await ci.expect('POST', `/workflow/${workflow.id}/rerun`, { enable_ssh: true, jobs: [job.id] });
      await ci.settled(project, 1);
      const rerun = await ci.job(project, (await ci.jobs({ id }))[0]);
      assert.equal(rerun.status, 'failed', rerun.output);
      assert.match(rerun.output, /oidc\.circleci\.com\/ssh-rerun is true/);
    });

    test('another project of the organisation cannot use the context', async () => {
      const other = await ci.createProject('gadget');
      const elsewhere = ci.repository(other);
      elsewhere.write({ '.circleci/config.yml': guarded(publishJob(server, image)) }).push('main');
      const settled = await ci.settled(other, 1);
      assert.equal(settled.workflows[0].status, 'unauthorized');
    });

    test('a pull request from a fork gets no token', async () => {
      const fork = await ci.createProject('widget-fork');
      const theirs = ci.repository(fork);
      theirs.write({ 'package.json': '{}', '.circleci/config.yml': config(`
    docker:
      - image: ${image}
    steps:
      - run: test -z "\${CIRCLE_OIDC_TOKEN:-}\${CIRCLE_OIDC_TOKEN_V2:-}"
      - run: "! circleci run oidc get"
`, '      - publish\n') }).push('patch');
      await ci.settled(fork, 1);
      await ci.expect('PATCH', `/project/${project.slug}/settings`, { advanced: { build_fork_prs: true } });
      await ci.expect('POST', `/project/${project.slug}/pull-request`, { fork: fork.id, branch: 'patch' });
      const settled = await ci.settled(project, ++pipelines);
      const job = await only(settled);
      assert.equal(settled.workflows[0].status, 'success', job.output);
    });

    test('approval, deploy markers and their timeline', async () => {
      const deploy = `
    docker:
      - image: ${image}
    steps:
      - run: circleci run release plan prod --environment-name=production --component-name=widget --target-version="2.0.\${CIRCLE_BUILD_NUM}"
      - run: circleci run release update prod --status=RUNNING
      - run: circleci run release update prod --status=SUCCESS`;
      const settled = await push('main', { '.circleci/config.yml': config(deploy, '      - hold:\n          type: approval\n      - publish:\n          requires: [hold]\n') }, ['on_hold']);
      const hold = (await ci.jobs(settled.workflows[0])).find((job) => job.type === 'approval');
      await ci.expect('POST', `/workflow/${settled.workflows[0].id}/approve/${hold.approval_request_id}`);
      const done = await ci.settled(project, pipelines);
      const job = await ci.job(project, (await ci.jobs(done.workflows[0])).find((j) => j.name === 'publish'));
      assert.equal(done.workflows[0].status, 'success', job.output);
      const components = await ci.expect('GET', `/deploy/components?org-id=${ci.organization.id}&project-id=${project.id}`);
      const versions = await ci.expect('GET', `/deploy/components/${components.items[0].id}/versions`);
      assert.ok(versions.items.some((version) => version.name === `2.0.${job.number}` && version.is_live), JSON.stringify(versions));
    });

    test('the audit log of all this is intact', async () => {
      await server.stop();
      assert.match(server.command(['audit', 'verify']), /^audit log intact/);
    });
  });
}
