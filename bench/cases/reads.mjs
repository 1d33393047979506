// What clients read most: packuments, "not modified", tarballs. nginx serves the very bytes that
// Imprimatur serves, with the same headers.
import { read } from '../lib/load.mjs';
import { expressManifests, plainManifest, publishDocument, tarball } from '../lib/packages.mjs';
import { Quota } from '../lib/process.mjs';
import { inTurns, median, number, ratio } from '../lib/report.mjs';
import { fetchRaw, imprimatur, nginx, publish, verdaccio } from '../lib/servers.mjs';

const gzip = { 'accept-encoding': 'gzip' };
const share = 0.5;

/** The resource as Imprimatur serves it, for nginx's configuration. */
async function copy(server, path) {
  const identity = await fetchRaw(server, path);
  const small = await fetchRaw(server, path, gzip);
  const passed = ['cache-control', 'vary', 'x-content-type-options'];
  return {
    body: identity.body,
    gzip: small.headers['content-encoding'] === 'gzip' ? small.body : undefined,
    type: identity.headers['content-type'],
    headers: Object.fromEntries(passed.filter((name) => identity.headers[name]).map((name) => [name, identity.headers[name]])),
  };
}

/** Measures one kind of read on all servers and reports the ratios. */
async function compare(report, options, servers, quota, what, path, { headers = () => ({}), connections, expected = [] }) {
  const rates = await inTurns(servers, options.rounds, async (server) => {
    quota.hold(server.pid);
    const measured = await read(server, path, { seconds: options.seconds, connections, headers: await headers(server) });
    quota.release(server.pid);
    return measured;
  });
  const cpu = (name) => number(median(rates[name].map((one) => one.cpu)));
  for (const peer of servers.slice(1).map((server) => server.name)) {
    report.add(`${what}, x ${peer}`, ratio(rates, 'imprimatur', peer, (one) => 1 / one.cpu),
      { atLeast: expected[peer], detail: `CPU us per request: ${cpu('imprimatur')}, ${peer} ${cpu(peer)}` });
  }
}

/** Sends back the entity tag that this very server gave. */
const unchanged = (path, more = {}) => async (server) => {
  const { headers } = await fetchRaw(server, path, more);
  const again = { ...more, 'if-none-match': headers.etag };
  const { status } = await fetchRaw(server, path, again);
  if (status !== 304) throw new Error(`${server.name} answers ${status} to its own entity tag`);
  return again;
};

async function withServers(report, paths, fill, measure) {
  const quota = new Quota(share);
  report.note(quota.active
    ? `method: each server held to ${share} of core 0 by a cgroup CPU quota, wrk on core 1; ratio of CPU time per request`
    : `method: server on core 0, wrk on core 1, no CPU quota (${quota.reason}); ratio of CPU time per request`);
  const servers = [await imprimatur()];
  try {
    servers.push(await verdaccio());
    for (const server of servers) await fill(server);
    const files = {};
    for (const path of paths) files[path] = await copy(servers[0], path);
    servers.splice(1, 0, await nginx(files));
    await measure(servers, quota, files);
  } finally {
    for (const server of servers) await server.dispose();
    quota.remove();
  }
}

export async function packument(report, options) {
  const path = '/widget';
  let versions = 0;
  await withServers(report, [path], async (server) => {
    const grown = async () => (await fetchRaw(server, path)).body.length >= 30_000;
    for (let patch = 0; server.name === 'imprimatur' ? !(await grown()) : patch < versions; patch++) {
      const manifest = plainManifest('widget', `1.0.${patch}`);
      await publish(server, publishDocument(manifest, tarball(manifest, 100)));
      if (server.name === 'imprimatur') versions++;
    }
  }, async (servers, quota, files) => {
    const at = (what, more) => compare(report, options, servers, quota, what, path, more);
    report.note(`packument of ${versions} versions: ${files[path].body.length} bytes, gzip ${files[path].gzip.length}`);
    await at('30 KB packument', { expected: { nginx: 1 } });
    await at('30 KB packument, gzip', { headers: () => gzip, expected: { nginx: 1 } });
    await at('30 KB packument, 304', { headers: unchanged(path), expected: { nginx: 1 } });
  });
}

export async function express(report, options) {
  const path = '/express';
  const { manifests, source } = await expressManifests();
  await withServers(report, [path], async (server) => {
    for (const manifest of manifests) await publish(server, publishDocument(manifest, tarball(manifest, 100)));
  }, async (servers, quota, files) => {
    const at = (what, more) => compare(report, options, servers, quota, what, path, more);
    report.note(`express: ${source}: ${files[path].body.length} bytes, gzip ${files[path].gzip.length}`);
    await at('express', {});
    await at('express, gzip', { headers: () => gzip, expected: { nginx: 0.95, verdaccio: 200 } });
    await at('express, gzip, 304', { headers: unchanged(path, gzip) });
  });
}

export async function tarballs(report, options) {
  const sizes = { small: 100 * 1024, large: 10 * 1024 * 1024 };
  const path = (name) => `/${name}/-/${name}-1.0.0.tgz`;
  await withServers(report, Object.keys(sizes).map(path), async (server) => {
    for (const [name, size] of Object.entries(sizes)) {
      const manifest = plainManifest(name, '1.0.0');
      await publish(server, publishDocument(manifest, tarball(manifest, size)));
    }
  }, async (servers, quota) => {
    const expected = { nginx: 0.9, verdaccio: 10 };
    await compare(report, options, servers, quota, 'tarball 100 KB', path('small'), { expected });
    await compare(report, options, servers, quota, 'tarball 10 MB', path('large'), { connections: 4, expected });
  });
}
