// One publish too many, as npm shows it: held as a staged release, and approved by a person.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Workspace, current } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

for (const client of current) {
  describe(`a publish that is one too many, with ${client.name}`, () => {
    let server, person, factor;
    before(async () => {
      server = await Server.start({ settings: 'registry:\n  publishes_per_publisher: 1\n' });
      const token = server.addUser('alice');
      factor = await enableTotp(server, token, "alice's long password");
      person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    });
    after(() => server.dispose());

    const publish = async (version) => {
      person.manifest({ name: '@alice/lib', version });
      return person.npm(client, ['publish', '--access', 'public', `--otp=${await factor.code()}`]);
    };
    const versions = async () => Object.keys((await server.request('GET', '/@alice%2flib')).json.versions);

    test('npm prints that it is held, and the version is not there', async () => {
      assert.equal((await publish('1.0.0')).code, 0);
      const held = await publish('1.1.0');
      assert.equal(held.code, 0, held.output);
      assert.match(held.stderr, /npm notice @alice\/lib@1\.1\.0 is not published: it is held as a staged release/);
      assert.deepEqual(await versions(), ['1.0.0']);
      const id = held.stderr.match(/npm stage approve ([0-9a-f-]{36})/)?.[1];
      assert.ok(id, held.stderr);
      const approved = await person.npm(client, ['stage', 'approve', id, `--otp=${await factor.code()}`]);
      assert.equal(approved.code, 0, approved.output);
      assert.deepEqual(await versions(), ['1.0.0', '1.1.0']);
    });

    test('it is still so after a restart', async () => {
      await server.kill();
      await server.launch();
      const held = await publish('1.2.0');
      assert.match(held.stderr, /is not published/);
      assert.deepEqual(await versions(), ['1.0.0', '1.1.0']);
    });
  });
}
