// A project on the server's own CI: its repository, its contexts, its pipelines.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class Ci {
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  async api(method, path, body, token = this.token) {
    const answer = await this.server.request(method, `/api/v2${path}`, { body, headers: { 'circle-token': token } });
    answer.ok = answer.status < 300;
    return answer;
  }

  async expect(method, path, body, token) {
    const answer = await this.api(method, path, body, token);
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  async createOrganization(name) {
    this.organization = await this.expect('POST', '/organization', { name, vcs_type: 'circleci' });
    return this.organization;
  }

  async createProject(name) {
    const project = await this.expect('POST', `/organization/${this.organization.id}/project`, { name });
    const definitions = await this.expect('GET', `/projects/${project.id}/pipeline-definitions`);
    return { ...project, definition: definitions.items[0].id, origin: project.vcs_info.vcs_origin };
  }

  /** A clone to work in; pushes as the person whose token it is. */
  repository(project, token = this.token, person = 'alice') {
    return new Repository(project, `http://${person}:${token}@${this.server.url.slice(7)}/git/${project.organization_name}/${project.name}.git`);
  }

  /** The workflows of the newest pipeline, once they have all ended (or are in one of `until`). */
  async settled(project, number, until = ['success', 'failed', 'error', 'canceled', 'unauthorized', 'not_run']) {
    for (let attempt = 0; attempt < 600; attempt++) {
      const { items } = await this.expect('GET', `/project/${project.slug}/pipeline`);
      const pipeline = items.find((item) => item.number === number);
      if (pipeline) {
        const workflows = (await this.expect('GET', `/pipeline/${pipeline.id}/workflow`)).items;
        if (pipeline.state === 'errored' || (workflows.length > 0 && workflows.every((w) => until.includes(w.status)))) {
          return { pipeline, workflows };
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`pipeline ${number} did not settle:\n${this.server.log.slice(-4000)}`);
  }

  async jobs(workflow) {
    return (await this.expect('GET', `/workflow/${workflow.id}/job`)).items;
  }

  async job(project, job) {
    const detail = await this.expect('GET', `/project/${project.slug}/job/${job.job_number}`);
    const { steps } = await this.expect('GET', `/project/${project.slug}/job/${job.job_number}/output`);
    return { ...detail, output: steps.map((step) => step.output).join('\n') };
  }
}

class Repository {
  constructor(project, url) {
    this.directory = mkdtempSync(join(tmpdir(), 'imprimatur-repository-'));
    this.git('init', '-q', '-b', 'main');
    this.git('remote', 'add', 'origin', url);
  }

  git(...args) {
    return execFileSync('git', ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.org', ...args],
      { cwd: this.directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  write(files) {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, path)), { recursive: true });
      writeFileSync(join(this.directory, path), content);
    }
    return this;
  }

  push(branch = 'main', message = 'change') {
    this.git('checkout', '-q', '-B', branch);
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    this.git('push', '-q', 'origin', branch);
  }
}
