// The token exchange: verify an identity token, mark it as used, mint a publish token, write the audit
// record, all on the disk before the answer.
import { Issuer, newJob } from '../../tests/e2e/lib/issuer.mjs';
import { enableTotp } from '../../tests/e2e/lib/totp.mjs';
import { replay, requestBytes, verifyRate } from '../lib/load.mjs';
import { publishDocument, tarball } from '../lib/packages.mjs';
import { median, number } from '../lib/report.mjs';
import { imprimatur, publish } from '../lib/servers.mjs';

const connections = 64;
const path = '/-/npm/v1/oidc/token/exchange/package/lib';

async function trusted(server, job) {
  const manifest = { name: 'lib', version: '1.0.0' };
  await publish(server, publishDocument(manifest, tarball(manifest, 100)));
  const factor = await enableTotp(server, server.token, "bench's long password");
  const claim = (name) => `oidc.circleci.com/${name}`;
  const answer = await server.request('POST', '/-/package/lib/trust', {
    token: server.token, headers: { 'npm-otp': await factor.code() },
    body: [{ type: 'circleci', permissions: ['createPackage'], claims: {
      [claim('org-id')]: job.organization, [claim('project-id')]: job.project,
      [claim('pipeline-definition-id')]: job.definition, [claim('vcs-origin')]: job.origin,
    } }],
  });
  if (answer.status !== 200) throw new Error(`trust: ${answer.status} ${answer.text}`);
}

export async function exchanges(report, options) {
  const issuer = await Issuer.start();
  const server = await imprimatur({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n` });
  try {
    const job = newJob();
    await trusted(server, job);
    const sign = (count) => Array.from({ length: count }, () =>
      requestBytes('POST', path, { authorization: `Bearer ${issuer.token(job)}`, 'npm-command': 'publish' }));
    await replay(server, sign(200), connections);  // fetches the issuer's keys
    const rounds = [], rates = [];
    let used;
    for (let round = 0; round < options.rounds; round++) {
      rates.push(await verifyRate());
      used = sign(Math.ceil(5000 * options.seconds));
      const result = await replay(server, used, connections, options.seconds);
      if (Object.keys(result.statuses).some((status) => status !== '201')) throw new Error(JSON.stringify(result));
      used = used.slice(0, result.begun);
      rounds.push(result);
    }
    const middle = (what) => median(rounds.map((one) => one[what]));
    const verify = 1e6 / median(rates);
    report.add('exchanges per second, concurrency 64', middle('rate'), {
      atLeast: 2000, detail: `p50 ${number(middle('p50'))} ms, p99 ${number(middle('p99'))} ms, CPU ${number(middle('cpu'))} us each`,
    });
    report.add('share of signature verification', verify / middle('cpu') * 100, {
      unit: ' %', detail: `RS256 alone: ${number(verify)} us, ${number(median(rates))} per second`,
    });
    await server.restart();
    const again = await replay(server, used, connections);
    report.add('used tokens accepted after SIGKILL and restart', again.statuses[201] ?? 0, {
      atMost: 0, detail: `of ${again.begun} used in the last round: ${JSON.stringify(again.statuses)}`,
    });
  } finally {
    await server.dispose();
    await issuer.stop();
  }
}
