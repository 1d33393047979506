// A publish token ends with the job that got it, on the server's own CI.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Ci } from './lib/ci.mjs';
import { Gate } from './lib/gate.mjs';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const exchangePath = '/-/npm/v1/oidc/token/exchange/package/@acme%2fwidget';

describe('the end of a job', () => {
  let server, token, ci, project, repository, gate, person;
  let pipelines = 0;

  /** A job that shows its publish token, and then waits for the gate. */
  const config = (url) => `version: 2.1
jobs:
  show:
    docker: [{ image: cimg/node:22.14 }]
    steps:
      - run:
          name: Show what must not be shown
          command: |
            identity() { circleci run oidc get --claims '{"aud": "npm:localhost"}'; }
            curl -s -X POST -H "Authorization: Bearer $(identity)" ${server.url}${exchangePath}
            echo; echo shown
            until curl -sf ${url} > /dev/null; do sleep 0.1; done
workflows:
  show:
    jobs: [show]
`;

  /** The running job, once it has shown its token. */
  const shown = async () => {
    repository.write({ '.circleci/config.yml': config(gate.url) }).push('main');
    const settled = await ci.settled(project, ++pipelines, ['running']);
    for (let attempt = 0; attempt < 600; attempt++) {
      const [job] = await ci.jobs(settled.workflows[0]);
      if (job.job_number) {
        const { output } = await ci.job(project, job);
        const publish = output.match(/imp_pub_\w+/)?.[0];
        if (publish && output.includes('shown')) return { job, publish, workflow: settled.workflows[0] };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the job showed nothing');
  };
  const publish = (version, publishToken) => {
    const workspace = new Workspace(server, { token: publishToken, manifest: { name: '@acme/widget', version } });
    return workspace.npm(npm11, ['publish', '--access', 'public']);
  };

  const tag = (publishToken) =>
    server.request('PUT', '/-/package/@acme%2fwidget/dist-tags/beta', { token: publishToken, body: '1.0.0' });

  before(async () => {
    gate = await new Gate().start();
    server = await Server.start({ args: [] });
    token = server.addUser('alice', { admin: true });
    const factor = await enableTotp(server, token, "alice's long password");
    ci = new Ci(server, token);
    await ci.createOrganization('acme');
    project = await ci.createProject('widget');
    repository = ci.repository(project);
    person = new Workspace(server, { token, manifest: { name: '@acme/widget', version: '1.0.0' } });
    const first = await person.npm(npm11, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    const trusted = await person.npm(npm11, ['trust', 'circleci', '@acme/widget', '--org-id', ci.organization.id,
      '--project-id', project.id, '--pipeline-definition-id', project.definition, '--vcs-origin', project.origin,
      '--allow-publish', '--yes', `--otp=${await factor.code()}`]);
    assert.equal(trusted.code, 0, trusted.output);
  });
  after(async () => {
    gate.open = true;
    await server.dispose();
    await gate.stop();
  });

  test('cancelling a job ends its token at once, and npm says why', async () => {
    const it = await shown();
    const good = await publish('1.1.0', it.publish);
    assert.equal(good.code, 0, good.output);
    await ci.expect('POST', `/workflow/${it.workflow.id}/cancel`, {});
    const refused = await publish('1.2.0', it.publish);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /npm notice The job that this publish token was given to has ended or was canceled/);
    assert.equal((await tag(it.publish)).json.code, 'run_ended');
    await ci.settled(project, pipelines);
  });

  test('a job that has ended publishes nothing any more', async () => {
    const it = await shown();
    assert.equal((await tag(it.publish)).json.code, 'permission_not_granted');
    gate.open = true;
    await ci.settled(project, pipelines);
    const answer = await tag(it.publish);
    assert.equal(answer.status, 403, answer.text);
    assert.equal(answer.json.code, 'run_ended');
    const revoked = server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line))
      .filter((record) => record.action === 'trust.token_revoke');
    assert.equal(revoked.length, 2, JSON.stringify(revoked));
    assert.ok(revoked.every((record) => record.detail.reason === 'run_ended'));
  });
});
