// A trust file of a thousand packages, with the command that people use: what it plans, applies, and finds done.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newJob } from '../../tests/e2e/lib/issuer.mjs';
import { binary } from '../../tests/e2e/lib/server.mjs';
import { enableTotp } from '../../tests/e2e/lib/totp.mjs';
import { publishDocument, tarball } from '../lib/packages.mjs';
import { scratch } from '../lib/scratch.mjs';
import { imprimatur, publish } from '../lib/servers.mjs';

const count = 1000;

/** Seconds that the command takes, start to end. */
async function timed(server, args) {
  const begun = performance.now();
  const child = spawn(binary, ['trust', ...args, '--registry', server.url], { env: { PATH: process.env.PATH, IMPRIMATUR_TOKEN: server.token } });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { output += chunk; });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`trust ${args[0]}: ${output.slice(-2000)}`);
  return { seconds: (performance.now() - begun) / 1000, output };
}

export async function trustApply(report) {
  const server = await imprimatur();
  try {
    const names = Array.from({ length: count }, (_, i) => `trusted-${i}`);
    const publishAll = async (mine) => {
      for (const name of mine) await publish(server, publishDocument({ name, version: '1.0.0' }, tarball({ name, version: '1.0.0' }, 100)));
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => publishAll(names.filter((_, at) => at % 8 === i))));
    const factor = await enableTotp(server, server.token, "bench's long password");
    const job = newJob();
    const file = join(scratch('trust'), 'trust.yaml');
    writeFileSync(file, `packages:\n${names.map((name) => `  ${name}:
    - type: circleci
      claims:
        oidc.circleci.com/org-id: ${job.organization}
        oidc.circleci.com/project-id: ${job.project}
        oidc.circleci.com/pipeline-definition-id: ${job.definition}
        oidc.circleci.com/vcs-origin: github.com/acme/${name}
      permissions: [createStagedPackage]
`).join('')}`);
    const plan = await timed(server, ['plan', '--file', file]);
    const applied = await timed(server, ['apply', '--file', file, '--otp', await factor.code()]);
    if (!applied.output.includes(`Applied: ${count} added`)) throw new Error(applied.output.slice(-500));
    const again = await timed(server, ['apply', '--file', file]);
    const exported = await timed(server, ['export']);
    report.add('trust apply of 1,000 packages', applied.seconds, { unit: ' s', atMost: 10, detail: 'one publisher each, the command from start to end' });
    report.add('trust plan of the same', plan.seconds, { unit: ' s' });
    report.add('trust apply when it is done', again.seconds, { unit: ' s' });
    report.add('trust export of the same', exported.seconds, { unit: ' s' });
  } finally {
    await server.dispose();
  }
}
