// An issuer of CircleCI's, GitHub's or GitLab's shape that can misbehave: any claim changed, wrong keys,
// rotation, and, for single organisations or all of it, every bad answer of `troubles`.
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const json = { 'content-type': 'application/json' };

/** What an organisation's issuer answers, whatever it is asked: (response, its address, its good answer). */
export const troubles = {
  'an error': (response) => response.writeHead(500).end('broken'),
  'a redirect': (response, base) => response.writeHead(302, { location: base.replace(/\/org\/.*/, '/keys') }).end(),
  HTML: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
  'a document without end': (response) => {
    response.writeHead(200, json);
    const more = () => { while (!response.destroyed && response.write('x'.repeat(1 << 16))); };
    response.on('drain', more);
    more();
  },
  'a gzip bomb': (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' })
    .end(gzipSync(Buffer.alloc(64 << 20, ' '))),
  silence: () => {},
  'the discovery document of another': (response, base) => response.writeHead(200, json)
    .end(JSON.stringify({ issuer: base.replace(/\/org\/.*/, ''), jwks_uri: `${base}/.well-known/jwks-pub.json` })),
  'keys on another host': (response, base) => response.writeHead(200, json)
    .end(JSON.stringify({ issuer: base, jwks_uri: `${base.replace('127.0.0.1', 'localhost')}/.well-known/jwks-pub.json` })),
  'no keys': (response, base, good) => (good.keys ? response.writeHead(200, json).end('{"keys":[]}') : good.send()),
};

export class Issuer {
  static async start() {
    const issuer = new Issuer();
    issuer.fetches = 0;
    issuer.troubled = new Map();  // organisation to one of `troubles`
    issuer.rotate();
    issuer.http = createServer((request, response) => issuer.answer(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => issuer.http.once('listening', resolve));
    issuer.base = `http://127.0.0.1:${issuer.http.address().port}`;
    return issuer;
  }

  rotate() {
    this.key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.kid = randomUUID();
  }

  answer(request, response) {
    const organization = request.url.match(/^\/org\/([0-9a-f-]+)\//)?.[1];
    const base = organization ? `${this.base}/org/${organization}` : this.base;
    const keys = !request.url.endsWith('/.well-known/openid-configuration');
    const send = () => {
      if (keys) this.fetches++;
      const jwk = this.key.publicKey.export({ format: 'jwk' });
      response.writeHead(200, json).end(JSON.stringify(keys
        ? { keys: [{ ...jwk, alg: 'RS256', kid: this.kid }] }
        : { issuer: base, jwks_uri: `${base}/.well-known/jwks-pub.json` }));
    };
    const trouble = this.broken ? 'an error' : this.trouble ?? this.troubled.get(organization);
    if (trouble) troubles[trouble](response, base, { keys, send });
    else send();
  }

  /** A token of a job. `claims` overrides or, with undefined, removes single claims. */
  token(job, claims = {}, options = {}) {
    const now = Math.floor(Date.now() / 1000);
    return this.sign({
      iss: `${this.base}/org/${job.organization}`,
      aud: 'npm:localhost',
      sub: `org/${job.organization}/project/${job.project}/user/${randomUUID()}`,
      iat: now,
      exp: now + 3600,
      jti: randomUUID(),
      'oidc.circleci.com/org-id': job.organization,
      'oidc.circleci.com/project-id': job.project,
      'oidc.circleci.com/pipeline-definition-id': job.definition,
      'oidc.circleci.com/pipeline-id': randomUUID(),
      'oidc.circleci.com/workflow-id': randomUUID(),
      'oidc.circleci.com/job-id': randomUUID(),
      'oidc.circleci.com/context-ids': job.contexts ?? [],
      'oidc.circleci.com/ssh-rerun': false,
      'oidc.circleci.com/vcs-origin': job.origin,
      'oidc.circleci.com/vcs-ref': 'refs/heads/main',
      ...claims,
    }, options);
  }

  /** A token of another provider's job: what githubJob() or gitlabJob() says, with single claims changed. */
  tokenOf(job, claims = {}, options = {}) {
    const now = Math.floor(Date.now() / 1000);
    return this.sign({ iss: this.base, aud: 'npm:localhost', iat: now, exp: now + 300, jti: randomUUID(), ...job, ...claims }, options);
  }

  sign(payload, { header = {}, key = this.key.privateKey } = {}) {
    const signed = `${encode({ alg: 'RS256', kid: this.kid, ...header })}.${encode(payload)}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** The identifiers of a CI project. */
export const newJob = () => ({
  organization: randomUUID(), project: randomUUID(), definition: randomUUID(),
  origin: 'github.com/acme/widgets',
});

/** A trusted publisher of such a project, as a trust request has it. */
export const publisherOf = (job, permissions) => ({
  type: 'circleci',
  claims: {
    'oidc.circleci.com/org-id': job.organization, 'oidc.circleci.com/project-id': job.project,
    'oidc.circleci.com/pipeline-definition-id': job.definition, 'oidc.circleci.com/vcs-origin': job.origin,
  },
  permissions,
});

/** The claims of a GitHub Actions job of acme/widgets, on this ref. */
export const githubJob = (ref = 'refs/heads/main') => ({
  sub: `repo:acme/widgets:ref:${ref}`,
  repository: 'acme/widgets', repository_owner: 'acme', repository_id: '1001', repository_owner_id: '77',
  repository_visibility: 'private', workflow: 'release', event_name: 'push', ref, sha: 'a'.repeat(40),
  workflow_ref: `acme/widgets/.github/workflows/release.yml@${ref}`,
  job_workflow_ref: `acme/widgets/.github/workflows/release.yml@${ref}`,
  environment: 'npm', runner_environment: 'github-hosted', run_id: '1', run_number: '1', run_attempt: '1', actor: 'ada',
});

/** The claims of a GitLab CI/CD job of acme/tools/widgets, on this ref. */
export const gitlabJob = (ref = 'refs/heads/main') => ({
  sub: 'project_path:acme/tools/widgets:ref_type:branch:ref:main',
  project_path: 'acme/tools/widgets', namespace_path: 'acme/tools', project_id: '1001', namespace_id: '77',
  project_visibility: 'private', pipeline_source: 'push', ref: ref.split('/').slice(2).join('/'), ref_path: ref,
  ci_config_ref_uri: `gitlab.example/acme/tools/widgets//.gitlab-ci.yml@${ref}`,
  environment: 'npm', runner_environment: 'self-hosted', pipeline_id: '1', job_id: '1', user_login: 'ada',
});
