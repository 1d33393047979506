// Publishing small packages, each another one, and a large one. Every publish of Imprimatur is on the
// disk before it is answered; Verdaccio does not sync.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { replay, requestBytes } from '../lib/load.mjs';
import { publishDocument, tarball } from '../lib/packages.mjs';
import { forgetPeak, megabytes } from '../lib/process.mjs';
import { inTurns, median, number, ratio } from '../lib/report.mjs';
import { fetchRaw, imprimatur, verdaccio } from '../lib/servers.mjs';

const runId = randomBytes(3).toString('hex');
let packages = 0;

/** Packages that nobody has published yet, as requests, with their names in the same order. */
function prepare(server, count) {
  const names = [], requests = [];
  for (let i = 0; i < count; i++) {
    const manifest = { name: `bench-${runId}-${packages++}`, version: '1.0.0', description: 'A small package', license: 'Apache-2.0' };
    names.push(manifest.name);
    requests.push(requestBytes('PUT', `/${manifest.name}`,
      { 'content-type': 'application/json', authorization: `Bearer ${server.token}` },
      JSON.stringify(publishDocument(manifest, tarball(manifest, 3800)))));
  }
  return { names, requests };
}

/** How many of the packages that were answered with success cannot be read, document or tarball. */
async function lost(server, names) {
  let missing = 0;
  for (const name of names) {
    const packument = await fetchRaw(server, `/${name}`);
    const file = await fetchRaw(server, `/${name}/-/${name}-1.0.0.tgz`);
    const dist = packument.status === 200 && JSON.parse(packument.body).versions['1.0.0']?.dist;
    if (!dist || createHash('sha1').update(file.body).digest('hex') !== dist.shasum) missing++;
  }
  return missing;
}

export async function publishes(report, options) {
  const servers = [];
  const published = { imprimatur: [], verdaccio: [] };
  const expectedRate = { imprimatur: 2500, verdaccio: 600 };
  try {
    servers.push(await imprimatur(), await verdaccio());
    report.note('method: server on core 0, client on core 1, 4 KB tarballs, every one another package; ratio of rates');
    for (const connections of [1, 8]) {
      const all = await inTurns(servers, options.rounds, async (server) => {
        const { names, requests } = prepare(server, Math.ceil(expectedRate[server.name] * options.seconds));
        const result = await replay(server, requests, connections, options.seconds);
        if (Object.keys(result.statuses).some((status) => status !== '201')) throw new Error(`${server.name}: ${JSON.stringify(result)}`);
        published[server.name].push(...names.slice(0, result.begun));
        return result;
      });
      const middle = (name, what) => number(median(all[name].map((one) => one[what])));
      report.add(`publish, concurrency ${connections}, x verdaccio`, ratio(all, 'imprimatur', 'verdaccio', (one) => one.rate), {
        atLeast: connections === 8 ? 5 : undefined,
        detail: `per second: ${middle('imprimatur', 'rate')} (p99 ${middle('imprimatur', 'p99')} ms, CPU ${middle('imprimatur', 'cpu')} us each), ` +
          `verdaccio ${middle('verdaccio', 'rate')} (p99 ${middle('verdaccio', 'p99')} ms, CPU ${middle('verdaccio', 'cpu')} us each)`,
      });
    }
    await servers[0].restart();
    for (const server of servers) {
      report.add(`versions lost, ${server.name}`, await lost(server, published[server.name]), {
        atMost: server.name === 'imprimatur' ? 0 : undefined,
        detail: `of ${published[server.name].length} answered 201${server.name === 'imprimatur' ? ', read again after SIGKILL and restart' : ''}`,
      });
    }
    for (const server of servers) report.add(`memory after publishing, ${server.name}`, megabytes(server.pid), { unit: ' MB' });
  } finally {
    for (const server of servers) await server.dispose();
  }
}

/** A PUT of what is too large for a text. */
function put(server, document) {
  return new Promise((resolve, reject) => {
    const upload = request({
      host: '127.0.0.1', port: server.port, method: 'PUT', path: `/${document.name}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}`, 'content-length': document.body.length },
    }, (response) => {
      let text = '';
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => (response.statusCode === 201 ? resolve() : reject(new Error(`${response.statusCode} ${text}`))));
    });
    upload.on('error', reject);
    upload.end(document.body);
  });
}

export async function memory(report) {
  const manifest = { name: 'heavy', version: '1.0.0' };
  const text = JSON.stringify(publishDocument(manifest, tarball(manifest, 200 * 1024 * 1024)));
  const document = { name: manifest.name, body: Buffer.from(text) };
  for (const begin of [imprimatur, verdaccio]) {
    const server = await begin();
    try {
      const before = megabytes(server.pid);
      forgetPeak(server.pid);
      const begun = performance.now();
      await put(server, document);
      report.add(`memory added by publishing 200 MB, ${server.name}`, megabytes(server.pid, 'VmHWM') - before, {
        unit: ' MB', atMost: server.name === 'imprimatur' ? 64 : undefined,
        detail: `from ${number(before)} MB, in ${number((performance.now() - begun) / 1000)} s`,
      });
    } finally {
      await server.dispose();
    }
  }
}
