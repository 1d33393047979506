// The guide, end to end: `imprimatur demo` walks it with real jobs, and what it claims is then looked up
// independently.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { current } from './lib/npm.mjs';
import { Server, binary, freePort } from './lib/server.mjs';

/** A directory with an npm and a node of the client's versions, as a machine has them. */
function machine(client) {
  const directory = mkdtempSync(join(tmpdir(), 'imprimatur-guide-'));
  symlinkSync(client.node, join(directory, 'node'));
  const npm = join(directory, 'npm');
  writeFileSync(npm, `#!/bin/sh\nexec '${client.node}' '${client.cli}' "$@"\n`);
  chmodSync(npm, 0o755);
  return { directory, npm };
}

function demo(args) {
  return new Promise((resolve) => {
    const child = spawn(binary, ['demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => { output += chunk; });
    child.stderr.on('data', (chunk) => { output += chunk; });
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Number to outcome, from the table at the end. */
const table = (output) => new Map([...output.matchAll(/^ ?(\d+)  .*?  (as expected|SURPRISED|not run) {1,5}(.*)$/gm)]
  .map(([, number, verdict, text]) => [Number(number), { verdict, text }]));

describe('the guide', () => {
  let server;
  before(async () => {
    // The shortest allowed age, so that one of the walk's tokens is too old after 70 seconds, not 360.
    server = await Server.start({ args: [], settings: 'trust:\n  identity_token_age: 10s\n' });
  });
  after(() => server.dispose());

  // The second walk meets the names of the first, and takes others.
  const walks = [
    { client: current[0], suffix: '', options: [], machine: /Node 22\.14\.\d+ and npm 11\./ },
    { client: current[1], suffix: '2', options: ['--image', 'cimg/node:24.21'], machine: /Node 24\.21\.\d+ and npm 12\./ },
  ];
  for (const { client, suffix, options, machine: expected } of walks) {
    describe(`with ${client.name}`, () => {
      const organization = `acme${suffix}`;
      let place, walk, versions;
      before(async () => {
        place = machine(client);
        walk = await demo(['--data', server.data, '--url', server.url, '--npm', place.npm, ...options]);
      });
      after(() => rmSync(place.directory, { recursive: true, force: true }));

      test('every step ends as the guide says', () => {
        const rows = table(walk.output);
        assert.deepEqual([...rows.keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], walk.output);
        for (const [number, row] of rows) assert.equal(row.verdict, 'as expected', `step ${number}\n${walk.output}`);
        assert.equal(walk.code, 0, walk.output);
        assert.match(rows.get(4).text, /oidc\.circleci\.com\/ssh-rerun/);
        assert.match(rows.get(5).text, /replayed.*70 s old: too_old/);
      });

      test('its jobs have the Node and the npm of their image', async () => {
        const token = server.command(['token', 'create', '--user', `alice${suffix}`]);
        const { json } = await server.request('GET', `/api/v2/project/circleci/${organization}/widget/job/1/output`, { token });
        assert.match(json.steps.map((step) => step.output).join('\n'), expected);
      });

      test('no secret is printed', () => {
        assert.doesNotMatch(walk.output, /imp_\w{20,}|eyJ[\w.-]{20,}|secret=\w{8,}/);
        const notes = join(server.data, 'demo-people.txt');
        assert.equal(statSync(notes).mode & 0o777, 0o600);
        for (const [, password] of readFileSync(notes, 'utf8').matchAll(/password: (\w+)/g)) {
          assert.ok(!walk.output.includes(password));
        }
      });

      test('exactly the releases of the guide are live, whole, and say who published them', async () => {
        const { json } = await server.request('GET', `/@${organization}%2fwidget`);
        versions = Object.keys(json.versions);
        assert.equal(versions.length, 6, versions.join());
        assert.deepEqual(versions.slice(0, 3), ['1.0.0', '1.1.0', '1.2.0']);
        assert.match(versions.slice(3).join(), /^2\.0\.\d+,2\.0\.\d+,2\.1\.\d+$/);
        for (const version of versions) {
          const { _npmUser: user, dist } = json.versions[version];
          assert.equal(user.trustedPublisher?.id, version === '1.0.0' ? undefined : 'circleci', version);
          assert.equal(user.approver?.name, version === '1.2.0' ? `alice${suffix}` : undefined, version);
          const bytes = Buffer.from(await (await fetch(dist.tarball)).arrayBuffer());
          assert.equal(`sha512-${createHash('sha512').update(bytes).digest('base64')}`, dist.integrity);
        }
      });

      test('the audit log has each decision with its reason, and verifies', () => {
        const records = server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line));
        const outcomes = records
          .filter((record) => record.action === 'trust.exchange' && record.subject.includes(`@${organization}/`))
          .map((record) => record.outcome);
        for (const outcome of ['granted', 'ssh_rerun', 'replayed', 'too_old']) {
          assert.ok(outcomes.includes(outcome), `${outcome} is not among ${outcomes}`);
        }
        const actions = new Set(records.map((record) => record.action));
        for (const action of ['trust.create', 'trust.revoke', 'stage.approve', 'pipeline.create', 'deploy.update']) {
          assert.ok(actions.has(action), `${action} is not among ${[...actions]}`);
        }
        assert.match(server.command(['audit', 'verify']), /^audit log intact/);
      });

      test('the deploy timeline shows the last version as live', async () => {
        const token = server.command(['token', 'create', '--user', `alice${suffix}`]);
        const owned = await server.request('GET', '/api/v2/me/collaborations', { token });
        const { id } = owned.json.find((one) => one.name === organization);
        const components = await server.request('GET', `/api/v2/deploy/components?org-id=${id}`, { token });
        const { id: component } = components.json.items.find((one) => one.name === 'widget');
        const deployed = await server.request('GET', `/api/v2/deploy/components/${component}/versions`, { token });
        assert.deepEqual(deployed.json.items.map((one) => [one.name, one.is_live]), [[versions.at(-1), true]]);
      });
    });
  }

  test('an image that names no Node is refused at once', async () => {
    const walk = await demo(['--data', server.data, '--url', server.url, '--image', 'cimg/ruby:3.4']);
    assert.equal(walk.code, 1);
    assert.match(walk.output, /expected: an image .*like cimg\/node:/);
  });

  test('without a server, the walk says what it expected', async () => {
    const port = await freePort();
    const walk = await demo(['--data', server.data, '--url', `http://localhost:${port}`]);
    assert.equal(walk.code, 1);
    assert.match(walk.output, new RegExp(`expected: a server at http://localhost:${port}`));
  });
});
