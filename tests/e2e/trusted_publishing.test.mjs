// Publishing from CI without a secret, and every way in which that is refused.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Issuer, newJob, publisherOf, troubles } from './lib/issuer.mjs';
import { Workspace, current, npmMinimum } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const exchangePath = (name) => `/-/npm/v1/oidc/token/exchange/package/${name.replace('/', '%2f')}`;
const trustArguments = (job) => ['--org-id', job.organization, '--project-id', job.project,
  '--pipeline-definition-id', job.definition, '--vcs-origin', job.origin,
  ...(job.contexts ?? []).flatMap((id) => ['--context-id', id])];

async function setUp(client, { contexts } = {}) {
  const setup = { issuer: await Issuer.start() };
  setup.server = await Server.start({ settings: `trust:\n  circleci_issuer: ${setup.issuer.base}\n  private_addresses: true\n` });
  setup.token = setup.server.addUser('alice', { admin: true });
  setup.factor = await enableTotp(setup.server, setup.token, "alice's long password");
  setup.job = { ...newJob(), contexts };
  setup.person = new Workspace(setup.server, { token: setup.token, manifest: { name: '@alice/lib', version: '1.0.0' } });
  setup.ci = new Workspace(setup.server);
  const first = await setup.person.npm(client, ['publish', '--access', 'public', `--otp=${await setup.factor.code()}`]);
  assert.equal(first.code, 0, first.output);
  setup.trust = async (job, permissions = ['--allow-publish']) => {
    const trusted = await setup.person.npm(client, ['trust', 'circleci', '@alice/lib', ...trustArguments(job), ...permissions,
      '--yes', '--json', `--otp=${await setup.factor.code()}`]);
    assert.equal(trusted.code, 0, `${trusted.output}\n${setup.server.log}`);
    return JSON.parse(trusted.stdout.slice(trusted.stdout.lastIndexOf('\n{'))).id;
  };
  setup.publish = (version, idToken, args = ['publish'], by = client, ci = 'CIRCLECI') => {
    setup.ci.manifest({ name: '@alice/lib', version });
    return setup.ci.npm(by, args, { env: { [ci]: 'true', NPM_ID_TOKEN: idToken } });
  };
  setup.exchange = (idToken, name = '@alice/lib') =>
    setup.server.request('POST', exchangePath(name), { token: idToken });
  setup.dispose = async () => {
    await setup.server.dispose();
    await setup.issuer.stop();
  };
  return setup;
}

for (const client of current) {
  describe(`trusted publishing with ${client.name}`, () => {
    let s;
    before(async () => { s = await setUp(client); });
    after(() => s.dispose());

    test('npm trust needs a second factor', async () => {
      const refused = await s.person.npm(client, ['trust', 'circleci', '@alice/lib', ...trustArguments(s.job), '--allow-publish', '--yes']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /EOTP/);
    });

    test('a pipeline publishes with its identity token and nothing else', async () => {
      s.publisher = await s.trust(s.job);
      const published = await s.publish('1.1.0', s.issuer.token(s.job));
      assert.equal(published.code, 0, `${published.output}\n${s.server.log}`);
      const packument = await s.server.request('GET', '/@alice%2flib');
      const user = packument.json.versions['1.1.0']._npmUser;
      assert.deepEqual(user.trustedPublisher, { id: 'circleci', oidcConfigId: `oidc:${s.publisher}` });
    });

    // What `npm audit signatures` does once it has the roots of the public Sigstore instance is pacote's.
    test("npm's own code takes the version, and verifies what the registry attests of it", async () => {
      const require = createRequire(client.cli);
      const { keys } = (await s.server.request('GET', '/-/npm/v1/keys')).json;
      const pem = (key) => `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`;
      const manifest = await require('pacote').manifest('@alice/lib@1.1.0', {
        registry: `${s.server.url}/`, cache: join(s.ci.home, 'pacote'), preferOnline: true,
        verifySignatures: true, verifyAttestations: true,
        [`${s.server.url.replace('http:', '')}/:_keys`]: keys.map((key) => ({ ...key, pemkey: pem(key) })),
      });
      assert.equal(manifest._signatures.length, 1);

      const { bundleFromJSON } = require('@sigstore/bundle');
      const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');
      const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
      const trusted = toTrustMaterial(none, (hint) => ({
        publicKey: createPublicKey(pem(keys.find(({ keyid }) => keyid === hint))), validFor: () => true,
      }));
      const verifier = new Verifier(trusted, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0, tsaThreshold: 0 });
      const verify = (bundle) => verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
      const { attestations } = (await s.server.request('GET', '/-/npm/v1/attestations/@alice%2flib@1.1.0')).json;
      assert.equal(attestations.length, 2);
      for (const { bundle } of attestations) {
        verify(bundle);
        const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64'));
        assert.deepEqual(statement.subject, [{
          name: 'pkg:npm/%40alice/lib@1.1.0',
          digest: { sha512: Buffer.from(manifest._integrity.replace('sha512-', ''), 'base64').toString('hex') },
        }]);
        bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement).replace('1.1.0', '6.6.6')).toString('base64');
        assert.throws(() => verify(bundle), /signature verification failed/);
      }
    });

    test('the list shows the publisher', async () => {
      const listed = await s.person.npm(client, ['trust', 'list', '@alice/lib', '--json', `--otp=${await s.factor.code()}`]);
      assert.equal(listed.code, 0, listed.output);
      assert.equal(JSON.parse(listed.stdout).projectId, s.job.project);
    });

    test('a pipeline that may only manage dist-tags does that with npm dist-tag, and cannot publish', async () => {
      const job = newJob();
      const trusted = await s.server.request('POST', '/-/package/@alice%2flib/trust', {
        token: s.token, headers: { 'npm-otp': await s.factor.code() }, body: [publisherOf(job, ['manageDistTags'])],
      });
      assert.equal(trusted.status, 200, trusted.text);
      const tag = (...args) => s.ci.npm(client, ['dist-tag', ...args],
        { env: { CIRCLECI: 'true', NPM_ID_TOKEN: s.issuer.token(job) } });
      const tags = async () => (await s.server.request('GET', '/-/package/@alice%2flib/dist-tags')).json;
      const added = await tag('add', '@alice/lib@1.0.0', 'beta');
      assert.equal(added.code, 0, `${added.output}\n${s.server.log}`);
      assert.equal((await tags()).beta, '1.0.0');
      const removed = await tag('rm', '@alice/lib', 'beta');
      assert.equal(removed.code, 0, removed.output);
      assert.equal((await tags()).beta, undefined);
      const refused = await s.publish('1.2.0', s.issuer.token(job));
      assert.notEqual(refused.code, 0);
      assert.match(refused.output, /OIDC permission denied for this action/);
    });

    test('npm trust prepares a package that does not exist, and its first publish creates it', async () => {
      const job = newJob();
      const prepared = await s.person.npm(client, ['trust', 'circleci', '@alice/prepared', ...trustArguments(job),
        '--allow-publish', '--yes', `--otp=${await s.factor.code()}`]);
      assert.equal(prepared.code, 0, prepared.output);
      assert.equal((await s.server.request('GET', '/@alice%2fprepared')).status, 404);
      s.ci.manifest({ name: '@alice/prepared', version: '1.0.0' });
      const published = await s.ci.npm(client, ['publish', '--access', 'public'],
        { env: { CIRCLECI: 'true', NPM_ID_TOKEN: s.issuer.token(job) } });
      assert.equal(published.code, 0, `${published.output}\n${s.server.log}`);
      const packument = (await s.server.request('GET', '/@alice%2fprepared')).json;
      assert.deepEqual(packument.maintainers.map((one) => one.name), ['alice']);
      assert.equal(packument.versions['1.0.0']._npmUser.trustedPublisher.id, 'circleci');
    });

    test('npm says why a publish was refused', async () => {
      const rerun = s.issuer.token(s.job, { 'oidc.circleci.com/ssh-rerun': true });
      const refused = await s.publish('1.2.0', rerun, ['publish', '--loglevel', 'verbose']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /oidc\.circleci\.com\/ssh-rerun is true/);
    });

    test('after revocation nothing is published any more', async () => {
      const revoked = await s.person.npm(client, ['trust', 'revoke', '@alice/lib', '--id', s.publisher, `--otp=${await s.factor.code()}`]);
      assert.equal(revoked.code, 0, revoked.output);
      const refused = await s.publish('1.3.0', s.issuer.token(s.job));
      assert.notEqual(refused.code, 0);
    });
  });
}

describe(`the oldest npm that exchanges tokens, ${npmMinimum.name}`, () => {
  let s;
  before(async () => { s = await setUp(current[0]); });
  after(() => s.dispose());

  test('publishes', async () => {
    await s.trust(s.job);
    // This npm looks for NPM_ID_TOKEN on GitHub and GitLab only; what it sends is the same.
    const published = await s.publish('1.1.0', s.issuer.token(s.job), ['publish'], npmMinimum, 'GITLAB_CI');
    assert.equal(published.code, 0, `${published.output}\n${s.server.log}`);
  });
});

describe('the exchange', () => {
  let s;
  before(async () => {
    s = await setUp(current[0], { contexts: [randomUUID(), randomUUID()] });
    await s.trust(s.job, ['--allow-publish']);
  });
  after(() => s.dispose());

  const minute = 60;
  const now = () => Math.floor(Date.now() / 1000);
  const refusals = [
    ['no token', () => '', 401, 'missing_token'],
    ['not a token', () => 'abc', 400, 'malformed'],
    ['a token of twenty kilobytes', () => 'x'.repeat(20_000), 413, 'too_large'],
    ['another audience', (t) => t({ aud: 'npm:example.org' }), 401, 'audience_mismatch'],
    ['several audiences', (t) => t({ aud: ['npm:localhost', 'other'] }), 401, 'claim_type'],
    ['an issuer nobody configured', (t) => t({ iss: 'https://evil.example' }), 401, 'unknown_issuer'],
    ['the issuer with a trailing slash', (t) => t({ iss: `${s.issuer.base}/org/${s.job.organization}/` }), 401, 'unknown_issuer'],
    ['expired', (t) => t({ iat: now() - 2 * minute, exp: now() - minute }), 401, 'expired'],
    ['six minutes old', (t) => t({ iat: now() - 6 * minute, exp: now() + 54 * minute }), 401, 'too_old'],
    ['issued in the future', (t) => t({ iat: now() + 5 * minute, exp: now() + 60 * minute }), 401, 'issued_in_future'],
    ['rerun with SSH', (t) => t({ 'oidc.circleci.com/ssh-rerun': true }), 403, 'ssh_rerun'],
    ['ssh-rerun as text', (t) => t({ 'oidc.circleci.com/ssh-rerun': 'false' }), 403, 'claim_missing'],
    ['ssh-rerun absent', (t) => t({ 'oidc.circleci.com/ssh-rerun': undefined }), 403, 'claim_missing'],
    ['another organisation claimed', (t) => t({ 'oidc.circleci.com/org-id': randomUUID() }), 403, 'tenant_mismatch'],
    ['another project', (t) => t({ 'oidc.circleci.com/project-id': randomUUID() }), 404, 'no_matching_publisher'],
    ['another pipeline definition', (t) => t({ 'oidc.circleci.com/pipeline-definition-id': randomUUID() }), 403, 'claim_mismatch'],
    ['a fork', (t) => t({ 'oidc.circleci.com/vcs-origin': 'github.com/mallory/widgets' }), 403, 'claim_mismatch'],
    ['a custom webhook, without origin', (t) => t({ 'oidc.circleci.com/vcs-origin': undefined }), 403, 'claim_missing'],
    ['an origin in other case', (t) => t({ 'oidc.circleci.com/vcs-origin': 'github.com/Acme/widgets' }), 403, 'claim_mismatch'],
    ['only one of two contexts', (t) => t({ 'oidc.circleci.com/context-ids': s.job.contexts.slice(1) }), 403, 'claim_mismatch'],
    ['contexts as text', (t) => t({ 'oidc.circleci.com/context-ids': s.job.contexts.join(',') }), 403, 'claim_missing'],
    ['no signature algorithm', (t) => t({}, { header: { alg: 'none' } }), 401, 'algorithm_not_allowed'],
    ['a key nobody published', (t) => t({}, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }), 401, 'bad_signature'],
  ];
  for (const [name, make, status, code] of refusals) {
    test(`refuses: ${name}`, async () => {
      const refused = await s.exchange(make((claims, options) => s.issuer.token(s.job, claims, options)));
      assert.equal(refused.json.code, code, refused.text);
      assert.equal(refused.status, status, refused.text);
      assert.equal(refused.json.message, refused.json.error);
    });
  }

  test('a stranger learns nothing of what a publisher expects', async () => {
    const token = s.issuer.token(s.job, { 'oidc.circleci.com/project-id': randomUUID(), 'oidc.circleci.com/vcs-origin': 'github.com/x/y' });
    const refused = await s.exchange(token);
    assert.doesNotMatch(refused.text, new RegExp(`${s.job.project}|${s.job.definition}|acme`));
    const absent = await s.exchange(s.issuer.token(s.job), '@alice/absent');
    assert.equal(absent.status, refused.status);
    assert.equal(absent.json.code, refused.json.code);
  });

  test('the project\'s own pipeline is told what was expected', async () => {
    const refused = await s.exchange(s.issuer.token(s.job, { 'oidc.circleci.com/vcs-origin': 'github.com/acme/other' }));
    assert.match(refused.json.message, /vcs-origin of the identity token is "github\.com\/acme\/other".*expects "github\.com\/acme\/widgets"/);
  });

  test('more contexts than required are fine, and so is the root issuer', async () => {
    const contexts = [...s.job.contexts, randomUUID()];
    assert.equal((await s.exchange(s.issuer.token(s.job, { 'oidc.circleci.com/context-ids': contexts }))).status, 201);
    assert.equal((await s.exchange(s.issuer.token(s.job, { iss: s.issuer.base }))).status, 201);
    assert.equal((await s.exchange(s.issuer.token(s.job, { aud: `npm:localhost:${s.server.port}` }))).status, 201);
  });

  test('a token is exchanged once, however many ask at the same time and after a restart too', async () => {
    const token = s.issuer.token(s.job);
    const answers = await Promise.all(Array.from({ length: 16 }, () => s.exchange(token)));
    assert.equal(answers.filter((a) => a.status === 201).length, 1);
    assert.ok(answers.filter((a) => a.status !== 201).every((a) => a.json.code === 'replayed'));
    await s.server.kill();
    await s.server.launch();
    assert.equal((await s.exchange(token)).json.code, 'replayed');
    // Without a jti the token itself is remembered.
    const anonymous = s.issuer.token(s.job, { jti: undefined });
    assert.equal((await s.exchange(anonymous)).status, 201);
    assert.equal((await s.exchange(anonymous)).json.code, 'replayed');
  });

  test('a publish token is good for one version, and npm says for which', async () => {
    const { json } = await s.exchange(s.issuer.token(s.job));
    const publish = (version) => new Workspace(s.server, { token: json.token, manifest: { name: '@alice/lib', version } })
      .npm(current[0], ['publish']);
    const first = await publish('1.1.0');
    assert.equal(first.code, 0, first.output);
    const second = await publish('1.2.0');
    assert.notEqual(second.code, 0, second.output);
    assert.match(second.stderr, /npm notice This publish token was used for @alice\/lib@1\.1\.0/);
    assert.match(second.stderr, /publish_token_spent/);
    // With an exchange of its own the same version goes through.
    const own = await s.publish('1.2.0', s.issuer.token(s.job));
    assert.equal(own.code, 0, `${own.output}\n${s.server.log}`);
  });

  test('a publish token is good for its package and its permissions, and nothing else', async () => {
    const { json } = await s.exchange(s.issuer.token(s.job));
    assert.equal(json.token_type, 'oidc');
    assert.ok(Date.parse(json.expires) - Date.parse(json.created) === 15 * 60 * 1000);
    const token = json.token;
    const restricted = new Workspace(s.server, { token: s.token, manifest: { name: '@alice/private', version: '1.0.0' } });
    await restricted.npm(current[0], ['publish', '--access', 'restricted', `--otp=${await s.factor.code()}`]);
    const attempts = [
      ['GET', '/@alice%2fprivate', 403], ['GET', '/-/whoami', 401], ['GET', '/-/npm/v1/tokens', 401],
      ['GET', '/-/package/@alice%2flib/trust', 403], ['POST', '/-/package/@alice%2flib/access', 403, { access: 'restricted' }],
      ['PUT', '/-/package/@alice%2flib/dist-tags/beta', 403, '1.0.0'], ['GET', '/-/stage', 403],
      ['POST', `/-/stage/${randomUUID()}/approve`, 403], ['DELETE', '/@alice%2flib/-rev/1', 403],
      ['GET', '/api/v2/me', 401], ['GET', '/-/npm/v1/user', 401],
    ];
    for (const [method, path, status, body] of attempts) {
      const answer = await s.server.request(method, path, { token, body });
      assert.equal(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`);
    }
    assert.equal((await s.server.request('GET', '/@alice%2flib', { token })).status, 200);
    assert.equal((await s.server.request('DELETE', exchangePath('@alice/lib'), { token })).status, 204);
    // What is public stays readable; everything that looks at the credential refuses it.
    const revoked = await s.server.request('GET', '/-/package/@alice%2flib/visibility', { token });
    assert.equal(revoked.json.code, 'publish_token_invalid');
  });

  test('an organisation whose issuer misbehaves gets no token, and holds up no other', async () => {
    const jobs = Object.entries(troubles).map(([trouble]) => ({ trouble, ...newJob() }));
    for (const job of jobs) s.issuer.troubled.set(job.organization, job.trouble);
    const trusted = await s.server.request('POST', '/-/package/@alice%2flib/trust', {
      token: s.token,
      headers: { 'npm-otp': await s.factor.code() },
      body: jobs.map((job) => publisherOf(job, ['createPackage'])),
    });
    assert.equal(trusted.status, 200, trusted.text);
    const silent = s.exchange(s.issuer.token(jobs.find((job) => job.trouble === 'silence')));
    for (const job of jobs.filter((job) => job.trouble !== 'silence')) {
      const refused = await s.exchange(s.issuer.token(job));
      assert.equal(refused.json?.code, 'issuer_unavailable', `${job.trouble}: ${refused.text}`);
      assert.equal(refused.status, 503);
    }
    assert.equal((await s.exchange(s.issuer.token(s.job))).status, 201);
    assert.equal((await silent).json.code, 'issuer_unavailable');
    assert.match(s.server.log, /issuer keys not fetched/);
  });

  test('keys: a rotation is followed at most once a minute, and an issuer that is down keeps the old keys', async () => {
    s.issuer.broken = true;
    assert.equal((await s.exchange(s.issuer.token(s.job))).status, 201);
    s.issuer.broken = false;
    const before = s.issuer.fetches;
    s.issuer.rotate();
    const flood = await Promise.all(Array.from({ length: 20 }, () => s.exchange(s.issuer.token(s.job))));
    assert.ok(s.issuer.fetches - before <= 1, `${s.issuer.fetches - before} fetches`);
    assert.ok(flood.every((answer) => answer.status === 201 || answer.json.code === 'unknown_key'));
  });

  test('every decision is in the audit log, which verifies', async () => {
    await s.server.stop();
    const records = s.server.command(['audit', 'export']).split('\n').map((line) => JSON.parse(line));
    const exchanges = records.filter((record) => record.action === 'trust.exchange');
    for (const code of ['granted', 'replayed', 'ssh_rerun', 'too_old', 'bad_signature', 'claim_mismatch']) {
      assert.ok(exchanges.some((record) => record.outcome === code), code);
    }
    assert.match(s.server.command(['audit', 'verify']), /^audit log intact/);
    await s.server.launch();
  });
});
