// Starting on a data directory that is there already, and doing nothing.
import { binary, freePort } from '../../tests/e2e/lib/server.mjs';
import { megabytes, sleep } from '../lib/process.mjs';
import { median } from '../lib/report.mjs';
import { scratch } from '../lib/scratch.mjs';
import { start, verdaccio } from '../lib/servers.mjs';

export async function startup(report, options) {
  const directory = scratch('start');
  const port = await freePort();
  const begin = () => start('imprimatur',
    [binary, 'serve', '--data', directory, '--listen', `127.0.0.1:${port}`, '--no-runner'], port, { path: '/-/ready' });
  const times = [];
  let server = await begin();
  try {
    for (let round = 0; round < options.rounds; round++) {
      await server.dispose();
      server = await begin();
      times.push(server.started);
    }
    report.add('start to ready, imprimatur', median(times), { unit: ' ms' });
    await sleep(2000);
    report.add('idle memory, imprimatur', megabytes(server.pid), { unit: ' MB', atMost: 40, detail: 'RSS of the server, without a runner' });
  } finally {
    await server.dispose();
  }
  const peer = await verdaccio();
  try {
    report.add('start to first answer, verdaccio', peer.started, { unit: ' ms' });
    await sleep(2000);
    report.add('idle memory, verdaccio', megabytes(peer.pid), { unit: ' MB' });
  } finally {
    await peer.dispose();
  }
}
