// A publish is kept whole or not at all, wherever the server dies. strace kills it at the N-th system
// call that writes, syncs or renames something, for every N that a publish has.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Server } from './lib/server.mjs';

/** The system calls by which the blob store and the database change the disk, for a tarball that becomes
 *  durable in the store's journal, and for one that is synced by itself. */
const points = [
  ...['write', 'pwrite64', 'fsync', 'fdatasync', 'renameat', 'openat'].map((syscall) => ({ syscall, bytes: 0 })),
  ...['write', 'fsync', 'fdatasync', 'renameat'].map((syscall) => ({ syscall, bytes: 100_000 })),
];

/** So many small tarballs that a stop syncs them together, before it removes their journal. */
const many = 65;

/** A file in a tar archive. */
function entry(path, content) {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A package of a manifest and that many bytes which do not compress. */
function tarball(manifest, bytes) {
  const files = [entry('package/package.json', Buffer.from(JSON.stringify(manifest)))];
  if (bytes) files.push(entry('package/data.bin', randomBytes(bytes)));
  return gzipSync(Buffer.concat([...files, Buffer.alloc(1024)]));
}

function publishDocument(name, version, bytes = 0) {
  const manifest = { name, version };
  const data = tarball(manifest, bytes);
  return {
    _id: name, name, 'dist-tags': { latest: version }, access: null,
    versions: { [version]: {
      ...manifest, _id: `${name}@${version}`,
      dist: {
        integrity: `sha512-${createHash('sha512').update(data).digest('base64')}`,
        shasum: createHash('sha1').update(data).digest('hex'),
        tarball: `http://localhost/${name}/-/${name}-${version}.tgz`,
      },
    } },
    _attachments: { [`${name}-${version}.tgz`]: {
      content_type: 'application/octet-stream', data: data.toString('base64'), length: data.length,
    } },
  };
}

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

/** Attaches strace to the running server, to kill it at its n-th call of this kind from now on (of one
 *  thread: the calls of a publish that are of one kind are made by one thread). */
async function attach(server, syscall, n) {
  const strace = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${syscall}`,
    '-e', `inject=${syscall}:signal=SIGKILL:when=${n}`, '-p', String(server.process.pid)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => strace.once('exit', resolve));
  const process = `/proc/${server.process.pid}`;
  const traced = () => {
    try {
      return readdirSync(`${process}/task`).every((task) =>
        !/^TracerPid:\t0$/m.test(readFileSync(`${process}/task/${task}/status`, 'utf8')));
    } catch {
      return !existsSync(process); // a call that the server makes by itself may have been the n-th
    }
  };
  for (let i = 0; i < 200 && !traced(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return { stop: async () => { strace.kill('SIGTERM'); await ended; } };
}

/** Whether the server died; it has a moment, since the answer may be there before the signal. */
const settled = (server) =>
  Promise.race([server.exited.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 150))]);
