// A publish is kept whole or not at all, wherever the server dies. strace kills it at the N-th system
// call that writes, syncs or renames something, for every N that a publish has.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { publishDocument } from './lib/document.mjs';
import { Server } from './lib/server.mjs';
import { attach, settled } from './lib/strace.mjs';

/** The system calls by which the blob store and the database change the disk, for a tarball that becomes
 *  durable in the store's journal, and for one that is synced by itself. */
const points = [
  ...['write', 'pwrite64', 'fsync', 'fdatasync', 'renameat2', 'openat'].map((syscall) => ({ syscall, bytes: 0 })),
  ...['write', 'fsync', 'fdatasync', 'renameat'].map((syscall) => ({ syscall, bytes: 100_000 })),
];

/** So many small tarballs that a stop syncs them together, before it removes their journal. */
const many = 65;

describe('SIGKILL during a publish', () => {
  let server, token;
  before(async () => {
    server = await Server.start();
    token = server.addUser('alice', { admin: true });
    const first = await server.request('PUT', '/widget', { token, body: publishDocument('widget', '1.0.0') });
    assert.equal(first.status, 201, first.text);
    await server.stop();
  });
  after(() => server.dispose());

  const versions = async () => Object.keys((await server.request('GET', '/widget')).json.versions);
  const assertWhole = async (version) => {
    const { json } = await server.request('GET', `/widget/${version}`);
    const bytes = Buffer.from(await (await fetch(json.dist.tarball)).arrayBuffer());
    assert.equal(`sha512-${createHash('sha512').update(bytes).digest('base64')}`, json.dist.integrity);
  };
  const publish = (body) => server.request('PUT', '/widget', { token, body }).catch(() => ({ status: 0 }));

  let number = 0;
  for (const { syscall, bytes } of points) {
    test(`at every ${syscall}${bytes ? ' of a large one' : ''} leaves the whole publish or nothing`, async () => {
      let killed = 0;
      for (let n = 1; ; n++) {
        const version = `1.1.${++number}`;
        const document = publishDocument('widget', version, bytes);
        await server.launch();
        const strace = await attach(server, syscall, n);
        const answer = await publish(document);
        const died = await settled(server);
        await strace.stop();
        if (!died) {
          assert.equal(answer.status, 201, answer.text);
          await server.stop();
          assert.ok(killed > 0, `a publish never came to ${syscall}`);
          return;
        }
        assert.ok(n < 100, 'a publish cannot have this many write points');
        killed++;

        await server.launch();
        const present = (await versions()).includes(version);
        assert.ok(present || answer.status !== 201, `${version} was acknowledged and is gone`);
        if (present) await assertWhole(version);
        // npm repeats a publish that got no answer: it must succeed now, whatever was left.
        const repeated = await publish(document);
        assert.equal(repeated.status, 201, `${version} after ${syscall} ${n}: ${repeated.text}`);
        await assertWhole(version);
        await server.stop();
      }
    });
  }

  for (const syscall of ['syncfs', 'unlinkat']) {
    test(`at ${syscall}, while a stop settles the journal of small tarballs, loses nothing`, async () => {
      await server.launch();
      const published = [];
      for (let n = 0; n < many; n++) {
        const version = `1.2.${++number}`;
        const answer = await publish(publishDocument('widget', version));
        assert.equal(answer.status, 201, answer.text);
        published.push(version);
      }
      const strace = await attach(server, syscall, 1);
      const { signal } = await server.stop();
      await strace.stop();
      assert.equal(signal, 'SIGKILL', `a stop never came to ${syscall}`);
      await server.launch();
      for (const version of published) await assertWhole(version);
      await server.stop();
    });
  }

  test('and the audit log is intact', () => {
    assert.match(server.command(['audit', 'verify']), /^audit log intact/);
  });
});
