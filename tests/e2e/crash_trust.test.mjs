// Exchanges, staged releases and changes of trust are kept whole or not at all, wherever the server dies:
// strace kills it at a system call by which the database changes the disk. What is asserted holds wherever
// that was; the places are spread over all calls that the operation makes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { publishDocument } from './lib/document.mjs';
import { Issuer, newJob } from './lib/issuer.mjs';
import { Server } from './lib/server.mjs';
import { attach, settled } from './lib/strace.mjs';
import { enableTotp } from './lib/totp.mjs';

/** Calls at which to die, from the first one to beyond the last. */
const places = { pwrite64: [1, 2, 4, 8, 16, 32, 64, 128, 256], fdatasync: [1, 2, 3, 4] };

const escaped = (name) => name.replace('/', '%2f');
const digest = async (response, algorithm, encoding) =>
  createHash(algorithm).update(Buffer.from(await response.arrayBuffer())).digest(encoding);

describe('SIGKILL', () => {
  let server, issuer;
  const job = newJob();

  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
  });
  after(async () => {
    await server.dispose();
    await issuer.stop();
  });

  /** A person with a package that has one release, and codes for six decisions at once. */
  async function maintainer(name) {
    const person = { name, package: `@${name}/lib`, token: server.addUser(name) };
    person.ask = (method, path, { code, body } = {}) => server.request(method, path,
      { token: person.token, headers: code ? { 'npm-otp': code } : {}, body });
    const first = await person.ask('PUT', `/${escaped(person.package)}`, { body: publishDocument(person.package, '1.0.0') });
    assert.equal(first.status, 201, first.text);
    person.factor = await enableTotp(server, person.token, `${name}'s long password`);
    return person;
  }
  const publisherOf = ({ organization, project, definition, origin }) => ({
    type: 'circleci',
    claims: {
      'oidc.circleci.com/org-id': organization, 'oidc.circleci.com/project-id': project,
      'oidc.circleci.com/pipeline-definition-id': definition, 'oidc.circleci.com/vcs-origin': origin,
    },
    permissions: ['createPackage', 'createStagedPackage'],
  });
  /** Lets these jobs publish; the publishers' ids. One code for all of them. */
  async function trust(person, jobs) {
    const made = await person.ask('POST', `/-/package/${escaped(person.package)}/trust`,
      { code: await person.factor.code(), body: jobs.map(publisherOf) });
    assert.equal(made.status, 200, made.text);
    return made.json.map(({ id }) => id);
  }
  const exchange = (idToken, name) =>
    server.request('POST', `/-/npm/v1/oidc/token/exchange/package/${escaped(name)}`, { token: idToken })
      .catch(() => ({ status: 0 }));
  const stage = (person, version, token = person.token) =>
    server.request('POST', `/-/stage/package/${escaped(person.package)}`, { token, body: publishDocument(person.package, version) })
      .catch(() => ({ status: 0 }));
  const records = (action) => server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line))
    .filter((record) => record.action === action && record.outcome === 'granted');
  const staged = async (person) => (await person.ask('GET', '/-/stage?perPage=100')).json.items;
  const isPublic = async (person, version) =>
    version in (await server.request('GET', `/${escaped(person.package)}`)).json.versions;

  /** Has the server die at the n-th call of an operation, and starts it again. Whether it died. */
  async function killed(syscall, n, operation) {
    const strace = await attach(server, syscall, n);
    const answer = await operation();
    const died = await settled(server);
    await strace.stop();
    if (!died) await server.stop();
    await server.launch();
    return { died, answer };
  }

  /** Runs `round(syscall, n, number)` for every place, until the operation ends before it. `round` says
   *  whether the server died. Of each call, it did at least once. */
  async function everywhere(round) {
    let number = 0;
    for (const [syscall, calls] of Object.entries(places)) {
      let deaths = 0;
      for (const n of calls) {
        if (!await round(syscall, n, ++number)) break;
        deaths++;
      }
      assert.ok(deaths > 0, `it never came to ${syscall}`);
    }
  }

  test('during an exchange leaves the token exchanged once, or not at all', async () => {
    const ann = await maintainer('ann');
    await trust(ann, [job]);
    let tried = 0;
    await everywhere(async (syscall, n, number) => {
      const idToken = issuer.token(job);
      tried++;
      const { died, answer } = await killed(syscall, n, () => exchange(idToken, ann.package));
      const again = await exchange(idToken, ann.package);
      const where = `${syscall} ${n}: ${answer.status}, then ${again.text}`;
      if (answer.status === 201) assert.equal(again.json.code, 'replayed', where);
      else assert.ok(again.status === 201 || again.json.code === 'replayed', where);
      // Of the two, one was granted, and has one record; whoever was told can publish.
      assert.equal(records('trust.exchange').length, tried, where);
      const minted = [answer, again].find(({ status }) => status === 201);
      if (minted) assert.equal((await stage(ann, `1.1.${number}`, minted.json.token)).status, 201, where);
      return died;
    });
  });

  test('while a release is staged leaves all of it or nothing', async () => {
    const ben = await maintainer('ben');
    await everywhere(async (syscall, n, number) => {
      const version = `1.1.${number}`;
      const { died, answer } = await killed(syscall, n, () => stage(ben, version));
      const where = `${syscall} ${n}: ${answer.status}`;
      let release = (await staged(ben)).find((item) => item.version === version);
      assert.ok(release || answer.status !== 201, `${where}, and it is gone`);
      assert.equal(records('stage.create').some(({ subject }) => subject === `package:${ben.package}@${version}`), Boolean(release), where);
      if (!release) {
        assert.equal((await stage(ben, version)).status, 201, where);
        release = (await staged(ben)).find((item) => item.version === version);
      }
      const tarball = await fetch(`${server.url}/-/stage/${release.id}/tarball`, { headers: { authorization: `Bearer ${ben.token}` } });
      assert.equal(await digest(tarball, 'sha1', 'hex'), release.shasum, where);
      return died;
    });
  });

  test('while a publish token stages leaves it spent on a version that is there, or unspent', async () => {
    const fay = await maintainer('fay');
    await trust(fay, [job]);
    await everywhere(async (syscall, n, number) => {
      const { json: { token } } = await exchange(issuer.token(job), fay.package);
      const [version, other] = [`1.1.${number}`, `1.2.${number}`];
      const { died, answer } = await killed(syscall, n, () => stage(fay, version, token));
      const there = (await staged(fay)).some((item) => item.version === version);
      const where = `${syscall} ${n}: ${answer.status}, and it is ${there ? 'there' : 'not there'}`;
      assert.ok(there || answer.status !== 201, where);
      assert.equal((await stage(fay, other, token)).json.code ?? 'ok', there ? 'publish_token_spent' : 'ok', where);
      return died;
    });
  });

  for (const [name, decision, method, action] of [
    ['cora', 'approved', 'POST', 'stage.approve'],
    ['dan', 'rejected', 'DELETE', 'stage.withdraw'],
  ]) {
    test(`while a release is ${decision} leaves it decided or waiting`, async () => {
      const person = await maintainer(name);
      let deaths = 0;
      for (const [syscall, n] of [['pwrite64', 1], ['pwrite64', 8], ['pwrite64', 32],
        ['fdatasync', 1], ['fdatasync', 2], ['fdatasync', 3]]) {
        const version = `1.1.${n}${syscall === 'fdatasync' ? '0' : ''}`;
        const release = (await stage(person, version)).json.stageId;
        const code = await person.factor.code();
        const before = records(action).length;
        const { died, answer } = await killed(syscall, n, () =>
          person.ask(method, `/-/stage/${release}${method === 'POST' ? '/approve' : ''}`, { code }).catch(() => ({ status: 0 })));
        const where = `${syscall} ${n}: ${answer.status} ${answer.text}`;
        deaths += died;
        const waits = (await staged(person)).some(({ id }) => id === release);
        assert.ok(!waits || answer.status === 0, `${where}, and it waits`);
        assert.equal(await isPublic(person, version), decision === 'approved' && !waits, where);
        assert.equal(records(action).length - before, waits ? 0 : 1, where);
        if (decision === 'approved' && !waits) {
          const { dist } = (await server.request('GET', `/${escaped(person.package)}/${version}`)).json;
          assert.equal(`sha512-${await digest(await fetch(dist.tarball), 'sha512', 'base64')}`, dist.integrity, where);
        }
        // Nothing of it is in the way of what comes next.
        if (decision === 'rejected' && !waits) assert.equal((await stage(person, version)).status, 201, where);
      }
      assert.ok(deaths > 2, `it died ${deaths} times`);
    });
  }

  test('while a publisher is removed during exchanges leaves it with its tokens, or neither', async () => {
    const eve = await maintainer('eve');
    const spots = [['pwrite64', 1], ['pwrite64', 8], ['pwrite64', 32], ['fdatasync', 1], ['fdatasync', 2]];
    const jobs = spots.map(() => ({ ...newJob(), organization: job.organization }));
    const publishers = await trust(eve, jobs);
    let deaths = 0;
    for (const [at, [syscall, n]] of spots.entries()) {
      const code = await eve.factor.code();
      const removed = () => records('trust.revoke').some(({ detail }) => detail.publisher.id === publishers[at]);
      const { died, answer } = await killed(syscall, n, async () => {
        const [removal, ...exchanges] = await Promise.all([
          eve.ask('DELETE', `/-/package/${escaped(eve.package)}/trust/${publishers[at]}`, { code }).catch(() => ({ status: 0 })),
          ...Array.from({ length: 8 }, () => exchange(issuer.token(jobs[at]), eve.package)),
        ]);
        return { ...removal, exchanges };
      });
      const where = `${syscall} ${n}: ${answer.status}, ${answer.exchanges.map(({ status }) => status)}`;
      deaths += died;
      const gone = removed();
      assert.ok(gone || answer.status !== 204, `${where}, and it is still there`);
      const fresh = await exchange(issuer.token(jobs[at]), eve.package);
      assert.equal(fresh.json.code ?? 'ok', gone ? 'no_matching_publisher' : 'ok', where);
      for (const { status, json } of answer.exchanges) {
        if (status !== 201) continue;
        const used = await stage(eve, `1.${at}.0`, json.token);
        if (gone) assert.equal(used.json.code, 'publish_token_invalid', where);
        else assert.ok(used.status === 201 || used.json.code === 'version_staged', `${where} ${used.text}`);
      }
    }
    assert.ok(deaths > 2, `it died ${deaths} times`);
  });

  test('leaves the audit log intact', () => {
    assert.match(server.command(['audit', 'verify']), /^audit log intact/);
  });
});
