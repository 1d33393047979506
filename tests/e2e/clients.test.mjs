// Clients other than npm: each installs what another published, and publishes; those that exchange
// identity tokens publish from CI without a secret.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Issuer, newJob, publisherOf } from './lib/issuer.mjs';
import { module, npm11 } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const yarnrc = (server, token) => [
  `npmRegistryServer: "${server.url}"`, 'unsafeHttpWhitelist: ["localhost"]', 'enableTelemetry: false',
  'nodeLinker: node-modules', 'enableGlobalCache: false', 'npmMinimalAgeGate: 0', 'enableImmutableInstalls: false', 'npmPublishAccess: public',
  ...(token ? [`npmAuthToken: "${token}"`] : []), ''].join('\n');

const clients = [
  { name: 'pnpm', argv: [module('pnpm/pnpm')], install: ['install', '--no-frozen-lockfile'],
    publish: ['publish', '--no-git-checks', '--access', 'public'], exchanges: true, audience: () => 'npm:localhost' },
  { name: 'yarn 4', argv: [npm11.node, module('yarn-4/bin/yarn.js')], install: ['install'],
    publish: ['npm', 'publish'], configure: yarnrc,
    // yarn asks for the audience with the port; both are this registry's.
    exchanges: true, audience: ({ port }) => `npm:localhost:${port}` },
  { name: 'yarn 1', argv: [npm11.node, module('yarn-1/bin/yarn.js')], install: ['install', '--no-lockfile'],
    publish: ['publish', '--non-interactive', '--no-git-tag-version', '--access', 'public'] },
  { name: 'bun', argv: [module('bun/bin/bun')], install: ['install'], publish: ['publish', '--access', 'public'] },
];

/** A home and a working directory for one client, signed in when there is a token. */
class Place {
  constructor(server, client, token) {
    this.client = client;
    this.home = mkdtempSync(join(tmpdir(), 'imprimatur-client-'));
    this.directory = join(this.home, 'work');
    mkdirSync(this.directory);
    // yarn 4 takes the directory for a project of its own only with a lock file in it.
    if (client.configure) {
      writeFileSync(join(this.directory, '.yarnrc.yml'), client.configure(server, token));
      writeFileSync(join(this.directory, 'yarn.lock'), '');
    }
    writeFileSync(join(this.directory, '.npmrc'), `registry=${server.url}/\n` +
      (token ? `//localhost:${server.port}/:_authToken=${token}\n` : ''));
  }

  manifest(manifest) {
    writeFileSync(join(this.directory, 'package.json'), JSON.stringify({ main: 'index.js', ...manifest }, null, 2));
    writeFileSync(join(this.directory, 'index.js'), `module.exports = ${JSON.stringify(manifest.version)};\n`);
    return this;
  }

  /** Publishes, as from a checkout in which the dependencies were installed. */
  async publish(env = {}) {
    const installed = await this.run(this.client.install, env);
    return installed.code === 0 ? this.run(this.client.publish, env) : installed;
  }

  run(args, env = {}) {
    const [program, ...first] = this.client.argv;
    return new Promise((resolve) => {
      const child = spawn(program, [...first, ...args], {
        cwd: this.directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: `${dirname(npm11.node)}:${process.env.PATH}`, HOME: this.home, LANG: 'C.UTF-8', ...env },
      });
      let output = '';
      child.stdout.on('data', (chunk) => { output += chunk; });
      child.stderr.on('data', (chunk) => { output += chunk; });
      child.on('close', (code) => resolve({ code, output }));
    });
  }

  dispose() {
    rmSync(this.home, { recursive: true, force: true });
  }
}

describe('other clients', () => {
  let issuer, server, token;
  const nameFor = (client) => `@alice/${client.name.replace(' ', '')}`;
  const manifestFor = (client, version) => ({ name: nameFor(client), version, dependencies: { '@alice/base': '^1.0.0' } });
  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
    token = server.addUser('alice', { admin: true });
    const npm = new Place(server, { argv: [npm11.node, npm11.cli] }, token).manifest({ name: '@alice/base', version: '1.0.0' });
    const published = await npm.run(['publish', '--access', 'public']);
    assert.equal(published.code, 0, published.output);
    npm.dispose();
  });
  after(async () => {
    await server.dispose();
    await issuer.stop();
  });

  for (const client of clients) {
    describe(client.name, () => {
      const name = nameFor(client);
      let place;
      before(() => { place = new Place(server, client, token); });
      after(() => place.dispose());

      test('publishes with an access token', async () => {
        const published = await place.manifest(manifestFor(client, '1.0.0')).publish();
        assert.equal(published.code, 0, `${published.output}\n${server.log}`);
        const { json } = await server.request('GET', `/${name.replace('/', '%2f')}`);
        assert.deepEqual(json['dist-tags'], { latest: '1.0.0' });
        assert.deepEqual(json.versions['1.0.0'].dependencies, { '@alice/base': '^1.0.0' });
      });

      test('publishing a version twice says that it is there', async () => {
        const refused = await place.run(client.publish);
        assert.notEqual(refused.code, 0, refused.output);
        assert.match(refused.output, /previously\s+(│\s+)?published/);
      });

      test('installs it, with what it depends on', async () => {
        const user = new Place(server, client).manifest({ name: 'user', version: '1.0.0', private: true, dependencies: { [name]: '1.0.0' } });
        const installed = await user.run(client.install);
        assert.equal(installed.code, 0, `${installed.output}\n${server.log}`);
        const main = join(user.directory, 'node_modules', name, 'index.js');
        assert.ok(existsSync(main), installed.output);
        assert.equal(readFileSync(main, 'utf8'), 'module.exports = "1.0.0";\n');
        user.dispose();
      });
    });
  }

  describe('from CI, with an identity token and nothing else', () => {
    let factor;
    // From here on a person's publish needs a code.
    before(async () => { factor = await enableTotp(server, token, "alice's long password"); });

    for (const client of clients.filter(({ exchanges }) => exchanges)) {
      test(client.name, async () => {
        const path = `/${nameFor(client).replace('/', '%2f')}`;
        const job = newJob();
        const trusted = await server.request('POST', `/-/package${path}/trust`, {
          token,
          headers: { 'npm-otp': await factor.code() },
          body: [publisherOf(job, ['createPackage'])],
        });
        assert.equal(trusted.status, 200, trusted.text);
        const ci = new Place(server, client).manifest(manifestFor(client, '1.1.0'));
        const published = await ci.publish({
          CI: 'true', CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job, { aud: client.audience(server) }),
        });
        assert.equal(published.code, 0, `${published.output}\n${server.log}`);
        const { json } = await server.request('GET', path);
        assert.equal(json.versions['1.1.0']._npmUser.trustedPublisher.id, 'circleci');
        ci.dispose();
      });
    }
  });
});
