// The token exchange: verify an identity token, mark it as used, mint a publish token, write the audit
// record, all on the disk before the answer.
import { Issuer, newJob } from '../../tests/e2e/lib/issuer.mjs';
import { enableTotp } from '../../tests/e2e/lib/totp.mjs';
import { replay, requestBytes, verifyRate } from '../lib/load.mjs';
import { publishDocument, tarball } from '../lib/packages.mjs';
import { crowd } from '../lib/crowd.mjs';
import { median, number } from '../lib/report.mjs';
import { imprimatur, publish } from '../lib/servers.mjs';

const connections = 64;
const others = 100_000;
const path = '/-/npm/v1/oidc/token/exchange/package/lib';

async function trusted(server, job, factor) {
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
  const server = await imprimatur({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
  const job = newJob();
  const sign = (count) => Array.from({ length: count }, () =>
    requestBytes('POST', path, { authorization: `Bearer ${issuer.token(job)}`, 'npm-command': 'publish' }));
  /** Rounds of exchanges, as many as the server takes or at a rate; every one must be granted. */
  const measured = async (most, rate) => {
    const rounds = [], rates = [];
    let used;
    for (let round = 0; round < options.rounds; round++) {
      rates.push(await verifyRate());
      used = sign(Math.ceil(most * options.seconds));
      const result = await replay(server, used, connections, options.seconds, rate);
      if (Object.keys(result.statuses).some((status) => status !== '201')) throw new Error(JSON.stringify(result));
      used = used.slice(0, result.begun);
      rounds.push(result);
    }
    const middle = (what) => median(rounds.map((one) => one[what]));
    return { rate: middle('rate'), p50: middle('p50'), p99: middle('p99'), cpu: middle('cpu'), verify: median(rates), used };
  };
  try {
    const manifest = { name: 'lib', version: '1.0.0' };
    await publish(server, publishDocument(manifest, tarball(manifest, 100)));
    const factor = await enableTotp(server, server.token, "bench's long password");
    await trusted(server, job, factor);
    await replay(server, sign(200), connections);  // fetches the issuer's keys

    const full = await measured(9000);
    report.add('exchanges per second, concurrency 64', full.rate, {
      atLeast: 2000, detail: `p50 ${number(full.p50)} ms, p99 ${number(full.p99)} ms, CPU ${number(full.cpu)} us each`,
    });
    report.add('of what verifying RS256 alone allows', full.rate / full.verify, {
      unit: ' x', atLeast: 0.3, detail: `${number(full.verify)} per second, ${number(1e6 / full.verify)} us`,
    });
    const half = await measured(full.rate / 2 + 100, full.rate / 2);
    report.add('p99 at half that load', half.p99, { unit: ' ms', atMost: 20, detail: `${number(half.rate)} per second, p50 ${number(half.p50)} ms` });

    await server.stopped(() => crowd(server.data, { packages: others, publishers: 9 }));
    await replay(server, sign(200), connections);
    const crowded = await measured(full.rate / 2 + 100, full.rate / 2);
    report.add('CPU of one with 10 publishers and 100,000 packages', crowded.cpu / half.cpu, {
      unit: ' x', atMost: 1.3, detail: `${number(crowded.cpu)} us against ${number(half.cpu)} us with one publisher and one package, at the same rate`,
    });

    await server.restart();
    const again = await replay(server, crowded.used, connections);
    report.add('used tokens accepted after SIGKILL and restart', again.statuses[201] ?? 0, {
      atMost: 0, detail: `of ${again.begun} used in the last round: ${JSON.stringify(again.statuses)}`,
    });
  } finally {
    await server.dispose();
    await issuer.stop();
  }
}
