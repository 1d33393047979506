// From `git push` to the first byte that a step of the pipeline prints, as a client sees it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../lib/process.mjs';
import { median, number } from '../lib/report.mjs';
import { scratch } from '../lib/scratch.mjs';
import { imprimatur } from '../lib/servers.mjs';

const mark = 'the first output';
const config = `version: 2.1
jobs:
  hello:
    docker: [{image: cimg/node:24.21}]
    steps:
      - run: echo "${mark} from node $(node --version)"
workflows:
  main:
    jobs: [hello]
`;

/** A hosted project and a clone of it that can be pushed. */
async function project(server, directory) {
  const call = async (path, body) => {
    const answer = await server.request('POST', `/api/v2/${path}`, { token: server.token, body });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const organization = await call('organization', { name: 'workshop' });
  const made = await call(`organization/${organization.id}/project`, { name: 'widget' });
  const git = (...args) => execFileSync('git', ['-C', directory, ...args], { stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'bench');
  git('config', 'user.email', 'bench@example.org');
  const url = new URL(`/git/workshop/widget.git`, server.url);
  url.username = 'bench';
  url.password = server.token;
  git('remote', 'add', 'origin', url.href);
  mkdirSync(join(directory, '.circleci'));
  writeFileSync(join(directory, '.circleci/config.yml'), config);
  git('add', '.');
  return { git, path: `/api/v2/project/${made.slug}`, directory };
}

/** Waits until the job prints something; the text. */
async function output(server, path, number, patience) {
  const until = performance.now() + patience;
  let last;
  while (performance.now() < until) {
    last = await server.request('GET', `${path}/job/${number}/output?wait=5`, { token: server.token });
    const text = last.json?.steps?.map((step) => step.output).join('') ?? '';
    // With the version, which the shell fills in: the command itself may be shown before it runs.
    if (text.includes(`${mark} from node v`)) return text;
    if (last.json?.ended) throw new Error(`the job ended without output: ${last.text}`);
    await sleep(2);
  }
  throw new Error(`no output: ${last.status} ${last.text}\n${server.log}`);
}

export async function firstOutput(report, options) {
  const server = await imprimatur({ args: [], onCore: false });
  const directory = scratch('push');
  try {
    const { git, path } = await project(server, directory);
    const times = [];
    for (let push = 0; push <= options.rounds; push++) {
      git('commit', '-q', '--allow-empty', '-m', `Push ${push}`);
      const begun = performance.now();
      let pushed;
      const pushing = promisify(execFile)('git', ['-C', directory, 'push', '-q', 'origin', 'main'])
        .then(() => { pushed = performance.now(); });
      // The first push also downloads Node.
      await output(server, path, push + 1, push === 0 ? 120_000 : 20_000);
      const seen = performance.now();
      await pushing;
      if (push > 0) times.push({ whole: seen - begun, git: pushed - begun });
      await sleep(300);
    }
    report.add('git push to first output of a step', median(times.map((one) => one.whole)), {
      unit: ' ms', atMost: 300, detail: `Node cached; git push itself takes ${number(median(times.map((one) => one.git)))} ms of it`,
    });
  } finally {
    await server.dispose();
  }
}
