// The registry as people use it: publish, read, change, install, with each current npm.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from './lib/server.mjs';
import { Workspace, current } from './lib/npm.mjs';

for (const client of current) {
  describe(client.name, () => {
    let server;
    let token;
    let work;
    const run = async (args, options) => {
      const result = await work.npm(client, args, options);
      assert.equal(result.code, 0, `npm ${args.join(' ')}:\n${result.output}\n${server.log}`);
      return result.stdout.trim();
    };

    before(async () => {
      server = await Server.start();
      token = server.addUser('alice', { admin: true });
      work = new Workspace(server, { token, manifest: { name: '@alice/widget', version: '1.0.0', description: 'One widget' } });
    });
    after(() => server.dispose());

    test('whoami and ping', async () => {
      assert.equal(await run(['whoami']), 'alice');
      await run(['ping']);
    });

    test('publishes a scoped package, and the next version', async () => {
      await run(['publish', '--access', 'public']);
      work.manifest({ name: '@alice/widget', version: '1.1.0', description: 'One widget' });
      await run(['publish']);
      // npm 12 answers with a list of one.
      const [view] = [JSON.parse(await run(['view', '@alice/widget', '--json']))].flat();
      assert.deepEqual(view.versions, ['1.0.0', '1.1.0']);
      assert.equal(view['dist-tags'].latest, '1.1.0');
      assert.equal(view._npmUser?.name ?? view._npmUser, 'alice <alice@example.org>');
      assert.equal(view.dist.tarball, `${server.url}/@alice/widget/-/widget-1.1.0.tgz`);
      assert.equal(view.dist.signatures.length, 1);
    });

    // `npm audit signatures` first asks a public host for its trust root, which is not there for a server
    // without internet; the code that then verifies is pacote's.
    test('the client\'s own code verifies the registry\'s signature by its key', async () => {
      const pacote = createRequire(client.cli)('pacote');
      const { keys } = (await server.request('GET', '/-/npm/v1/keys')).json;
      const verify = (change) => pacote.manifest('@alice/widget@1.1.0', {
        registry: `${server.url}/`, cache: join(work.home, 'pacote'), preferOnline: true, verifySignatures: true,
        [`${server.url.replace('http:', '')}/:_keys`]: keys.map((key) => ({
          ...key, ...change, pemkey: `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`,
        })),
      });
      assert.equal((await verify({}))._signatures.length, 1);
      await assert.rejects(verify({ keyid: 'SHA256:another' }), { code: 'EMISSINGSIGNATUREKEY' });
      await assert.rejects(verify({ expires: '2020-01-01T00:00:00.000Z' }), { code: 'EEXPIREDSIGNATUREKEY' });
    });

    test('the next read shows what was published, through the client\'s warm cache', async () => {
      for (const version of ['1.2.0', '1.3.0', '1.4.0']) {
        work.manifest({ name: '@alice/widget', version });
        await run(['publish']);
        assert.equal(await run(['view', '@alice/widget', 'version']), version);
      }
    });

    test('a version is never published twice, not even a prerelease', async () => {
      for (const version of ['1.4.0', '2.0.0-rc.1']) {
        work.manifest({ name: '@alice/widget', version });
        if (version.includes('rc')) await run(['publish', '--tag', 'next']);
        const again = await work.npm(client, ['publish', '--tag', 'next', '--force']);
        assert.notEqual(again.code, 0);
        assert.match(again.stderr, /You cannot publish over the previously published version/);
      }
    });

    test('dist-tags', async () => {
      await run(['dist-tag', 'add', '@alice/widget@1.0.0', 'old']);
      assert.match(await run(['dist-tag', 'ls', '@alice/widget']), /^old: 1\.0\.0$/m);
      await run(['dist-tag', 'rm', '@alice/widget', 'old']);
      assert.doesNotMatch(await run(['dist-tag', 'ls', '@alice/widget']), /^old/m);
      const range = await work.npm(client, ['dist-tag', 'rm', '@alice/widget', 'latest']);
      assert.notEqual(range.code, 0);
    });

    test('deprecating changes neither bytes nor integrity', async () => {
      const integrity = await run(['view', '@alice/widget@1.0.0', 'dist.integrity']);
      await run(['deprecate', '@alice/widget@1.0.0', 'use 1.4']);
      assert.equal(await run(['view', '@alice/widget@1.0.0', 'deprecated']), 'use 1.4');
      assert.equal(await run(['view', '@alice/widget@1.0.0', 'dist.integrity']), integrity);
      await run(['deprecate', '@alice/widget@1.0.0', '']);
      assert.equal(await run(['view', '@alice/widget@1.0.0', 'deprecated']), '');
    });

    test('owners', async () => {
      server.addUser('bob');
      await run(['owner', 'add', 'bob', '@alice/widget']);
      assert.match(await run(['owner', 'ls', '@alice/widget']), /bob <bob@example\.org>/);
      await run(['owner', 'rm', 'bob', '@alice/widget']);
      assert.doesNotMatch(await run(['owner', 'ls', '@alice/widget']), /bob/);
    });

    test('installs into an empty directory, and again from the lock file', async () => {
      const fresh = new Workspace(server, { manifest: { name: 'app', version: '1.0.0', dependencies: { '@alice/widget': '^1.0.0' } } });
      const installed = await fresh.npm(client, ['install']);
      assert.equal(installed.code, 0, installed.output);
      const path = join(fresh.directory, 'node_modules/@alice/widget/package.json');
      assert.equal(JSON.parse(readFileSync(path, 'utf8')).version, '1.4.0');
      assert.equal((await fresh.npm(client, ['ci'])).code, 0);
    });

    test('a restricted package is hidden from strangers', async () => {
      const secret = new Workspace(server, { token, manifest: { name: '@alice/secret', version: '1.0.0' } });
      const published = await secret.npm(client, ['publish', '--access', 'restricted']);
      assert.equal(published.code, 0, published.output);
      assert.equal((await server.request('GET', '/@alice%2fsecret')).status, 404);
      assert.equal((await server.request('GET', '/@alice/secret/-/secret-1.0.0.tgz')).status, 404);
      assert.equal((await server.request('GET', '/@alice%2fsecret', { token })).status, 200);
    });

    test('unpublishing burns the number', async () => {
      await run(['unpublish', '@alice/widget@1.3.0']);
      assert.doesNotMatch(await run(['view', '@alice/widget', 'versions', '--json']), /1\.3\.0/);
      work.manifest({ name: '@alice/widget', version: '1.3.0' });
      const again = await work.npm(client, ['publish', '--tag', 'next', '--force']);
      assert.notEqual(again.code, 0);
      assert.match(again.stderr, /1\.3\.0/);
      await run(['unpublish', '@alice/widget', '--force']);
      assert.notEqual((await work.npm(client, ['view', '@alice/widget'])).code, 0);
    });

    test('organisations, groups and access', async () => {
      const founded = await server.request('POST', '/api/v2/organization', { token, body: { name: 'acme', vcs_type: 'circleci' } });
      assert.equal(founded.status, 201, founded.text);
      assert.match(await run(['org', 'set', 'acme', 'bob', 'admin']), /Added bob as admin to acme. You now have 2 members/);
      await run(['org', 'set', 'acme', 'bob']);
      assert.deepEqual(JSON.parse(await run(['org', 'ls', 'acme', '--json'])), { alice: 'admin', bob: 'developer' });
      await run(['team', 'create', '@acme:release']);
      await run(['team', 'add', '@acme:release', 'bob']);
      assert.equal(await run(['team', 'ls', 'acme', '--parseable']), 'acme:release');
      assert.equal(await run(['team', 'ls', 'acme:release', '--parseable']), 'bob');
      const owned = new Workspace(server, { token, manifest: { name: '@acme/tool', version: '1.0.0' } });
      const published = await owned.npm(client, ['publish', '--access', 'public']);
      assert.equal(published.code, 0, published.output);
      assert.deepEqual(JSON.parse(await run(['access', 'list', 'packages', 'acme', '--json'])), { '@acme/tool': 'read-write' });
      assert.equal(JSON.parse(await run(['access', 'list', 'packages', '--json']))['@acme/tool'], 'read-write');
      assert.match(await run(['access', 'list', 'collaborators', '@acme/tool']), /^alice: read-write$/m);
      assert.match(await run(['access', 'set', 'status=private', '@acme/tool']), /private/);
      assert.match(await run(['access', 'get', 'status', '@acme/tool']), /private/);
      await run(['team', 'rm', '@acme:release', 'bob']);
      await run(['team', 'destroy', '@acme:release']);
      assert.match(await run(['org', 'rm', 'acme', 'bob']), /Successfully removed bob from acme/);
    });

    test('a refusal says what was wrong', async () => {
      work.manifest({ name: '@somebody/else', version: '1.0.0' });
      const refused = await work.npm(client, ['publish']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /@somebody/);
    });
  });
}
