// The audit log as a transparency log, with the real server and its commands: what somebody outside finds out.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server, binary } from './lib/server.mjs';

// A client of its own, written from the specifications: RFC 6962 §2.1, C2SP signed-note, tlog-checkpoint and
// tlog-tiles. What it accepts, others will.
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafHash = (entry) => sha256(Buffer.from([0]), entry);
function treeHash(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.from([1]), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}
/** {origin, size, root} of a checkpoint that the key signed. */
function openCheckpoint(note, vkey) {
  const [, name, id, key] = vkey.match(/^([^+]+)\+([0-9a-f]{8})\+(.*)$/);  // base64 has plus signs, too
  const typed = Buffer.from(key, 'base64');
  assert.equal(typed[0], 1);
  assert.equal(sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4).toString('hex'), id);
  const blank = note.lastIndexOf('\n\n');
  const text = note.slice(0, blank + 1);
  const line = note.slice(blank + 2).split('\n').find((one) => one.startsWith(`\u2014 ${name} `));
  const signature = Buffer.from(line.split(' ')[2], 'base64');
  assert.equal(signature.subarray(0, 4).toString('hex'), id);
  const publicKey = createPublicKey({ format: 'der', type: 'spki',
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]) });
  assert.ok(verify(null, Buffer.from(text), publicKey, signature.subarray(4)));
  const [origin, size, root] = text.split('\n');
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

describe('the audit log', () => {
  let server, token, outside;
  const note = (name) => join(outside, name);
  /** Runs a command that may fail. */
  const run = (...args) => {
    const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const size = (checkpoint) => Number(checkpoint.split('\n')[1]);
  const fetchCheckpoint = async () => (await server.request('GET', '/-/audit/checkpoint')).text;
  /** Waits until the running server has sealed that many records. */
  const sealed = async (records) => {
    for (let i = 0; i < 200; i++) {
      const checkpoint = await fetchCheckpoint();
      if (size(checkpoint) >= records) return checkpoint;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${records} records were not sealed\n${server.log}`);
  };
  const records = () => server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line));

  before(async () => {
    outside = mkdtempSync(join(tmpdir(), 'imprimatur-outside-'));
    server = await Server.start();
    token = server.addUser('alice', { admin: true });
  });
  after(async () => {
    await server.dispose();
    rmSync(outside, { recursive: true, force: true });
  });

  test('a checkpoint that was fetched is kept through SIGKILL, and the log only grows', async () => {
    const [{ vkey }] = (await server.request('GET', '/-/audit/keys')).json.keys;
    assert.equal(vkey, server.command(['audit', 'key']));
    writeFileSync(note('key.txt'), vkey);
    writeFileSync(note('first.txt'), await sealed(records().length));
    for (let i = 0; i < 20; i++) server.command(['token', 'create', '--user', 'alice']);
    await server.kill();
    await server.launch();
    const newer = await sealed(records().length);
    writeFileSync(note('second.txt'), newer);
    assert.ok(size(newer) >= size(readFileSync(note('first.txt'), 'utf8')) + 20);

    const verified = run('audit', 'verify', '--data', server.data, '--key', vkey,
      '--checkpoint', note('first.txt'), '--checkpoint', note('second.txt'));
    assert.equal(verified.status, 0, verified.stderr);
    assert.match(verified.stdout, /^audit log intact/);
    assert.match(verified.stdout, /agrees with the checkpoint in \S+second\.txt/);

    const from = size(readFileSync(note('first.txt'), 'utf8'));
    writeFileSync(note('grown.json'), (await server.request('GET', `/-/audit/consistency?from=${from}`)).text);
    const grown = run('audit', 'check-proof', note('grown.json'), '--since', note('first.txt'), '--key', vkey);
    assert.equal(grown.status, 0, grown.stderr);
    assert.match(grown.stdout, new RegExp(`^the ${from} records of the older checkpoint are the first in localhost`));
  });

  test('a record is proven to somebody who has the key alone', async () => {
    const vkey = readFileSync(note('key.txt'), 'utf8');
    const subject = records().find((record) => record.action === 'account.create');
    const answer = await server.request('GET', `/-/audit/proof/${subject.sequence}`, { token });
    assert.equal(answer.status, 200, answer.text);
    writeFileSync(note('proof'), answer.text);
    const checked = run('audit', 'check-proof', note('proof'), '--key', vkey);
    assert.equal(checked.status, 0, checked.stderr);
    const { hash, ...rest } = subject;
    assert.ok(hash);
    assert.deepEqual(JSON.parse(checked.stdout.split('\n')[0]), rest);
    assert.match(server.command(['audit', 'prove', String(subject.sequence)]), /^c2sp\.org\/tlog-proof@v1\n/);

    const extra = answer.text.match(/^extra (.*)$/m)[1];
    const forged = Buffer.from(Buffer.from(extra, 'base64').toString().replace('alice', 'mally')).toString('base64');
    writeFileSync(note('forged'), answer.text.replace(extra, forged));
    const refused = run('audit', 'check-proof', note('forged'), '--key', vkey);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /The entry is not at index/);
  });

  test('records are for administrators alone, hashes for everybody', async () => {
    const bob = server.addUser('bob');
    for (const path of ['/-/audit/proof/1', '/-/audit/tile/entries/000.p/1']) {
      assert.equal((await server.request('GET', path)).status, 401);
      assert.equal((await server.request('GET', path, { token: bob })).status, 403);
      assert.equal((await server.request('GET', path, { token })).status, 200);
    }
    for (const path of ['/-/audit/tile/0/000.p/1', '/-/audit/inclusion?sequence=1', '/-/audit/consistency?from=1']) {
      const answer = await server.request('GET', path);
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test('a client that knows the specifications alone rebuilds the tree', async () => {
    const [{ vkey }] = (await server.request('GET', '/-/audit/keys')).json.keys;
    const { origin, size: count, root } = openCheckpoint(await fetchCheckpoint(), vkey);
    assert.equal(origin, `localhost:${server.port}/-/audit`);
    const get = async (path, headers = {}) => {
      const answer = await fetch(`${server.url}/-/audit/${path}`, { headers });
      assert.equal(answer.status, 200, path);
      return Buffer.from(await answer.arrayBuffer());
    };
    assert.ok(count < 256, 'one tile holds them');
    const tile = await get(`tile/0/000.p/${count}`);
    const leaves = Array.from({ length: count }, (_, i) => tile.subarray(i * 32, i * 32 + 32));
    assert.deepEqual(treeHash(leaves), root);
    const bundle = await get(`tile/entries/000.p/${count}`, { authorization: `Bearer ${token}` });
    const exported = records();
    let at = 0;
    for (const [i, leaf] of leaves.entries()) {
      const entry = bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at));
      at += 2 + entry.length;
      assert.deepEqual(leafHash(entry), leaf);
      // The same text is what the chain's hash is of.
      assert.equal(sha256(entry).toString('hex'), exported[i].hash);
    }
    assert.equal(at, bundle.length);
  });

  test("operators' own acts are in it", async () => {
    server.command(['keys', 'rotate']);
    const old = server.command(['audit', 'key']);
    const made = server.command(['audit', 'rotate-key']);
    assert.deepEqual(server.command(['audit', 'key']).split('\n'), [made, old]);
    await server.stop();
    writeFileSync(join(server.data, 'imprimatur.yaml'), 'trust:\n  audiences: [npm:elsewhere.example.org]\n');
    await server.launch();
    const all = records();
    const last = (action) => all.findLast((record) => record.action === action);
    assert.equal(last('account.create').actor, 'system');
    assert.equal(last('token.create').detail.via, 'command line');
    assert.ok(last('oidc.key.rotate') && last('registry.key.create'));
    assert.equal(last('audit.key.rotate').subject, `key:${made}`);
    assert.deepEqual(last('server.settings').detail.changed, ['trust.audiences']);
    // Signed by both keys, so that who knows the old one alone can read on.
    writeFileSync(note('third.txt'), await sealed(all.length));
    for (const key of [made, old]) {
      const verified = run('audit', 'verify', '--data', server.data, '--key', key, '--checkpoint', note('third.txt'));
      assert.equal(verified.status, 0, verified.stderr);
    }
  });

  test('a copy in which the newest records were removed without a trace is found by the checkpoint', async () => {
    await server.stop();
    const copy = note('copy');
    cpSync(server.data, copy, { recursive: true });
    const left = size(readFileSync(note('second.txt'), 'utf8')) - 3;
    execFileSync('sqlite3', [join(copy, 'imprimatur.db'), `
      DELETE FROM audit_records WHERE sequence > ${left};
      UPDATE audit_head SET records = ${left}, hash = (SELECT hash FROM audit_records WHERE sequence = ${left});
      DELETE FROM audit_tiles;
      UPDATE audit_tree SET size = 0, root = '', checkpoint = '';`]);
    const forged = run('audit', 'checkpoint', '--data', copy);  // signed by the log's own key
    assert.equal(forged.status, 0, forged.stderr);
    assert.equal(size(forged.stdout), left);
    assert.equal(run('audit', 'verify', '--data', copy, '--checkpoint', note('first.txt')).status, 0);
    const found = run('audit', 'verify', '--data', copy, '--checkpoint', note('second.txt'));
    assert.equal(found.status, 1);
    assert.match(found.stderr, new RegExp(`damaged at record ${left + 1} \\(cut\\).*second\\.txt counts ${left + 3}`));
    await server.launch();
  });
});
