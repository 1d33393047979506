// The audit log as a transparency log: what sealing adds to a record, and proofs at ten million of them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tool } from '../lib/load.mjs';
import { number } from '../lib/report.mjs';
import { scratch } from '../lib/scratch.mjs';

const records = 10_000_000;

export async function audit(report) {
  const { stdout } = await promisify(execFile)('taskset', ['-c', '0', tool('audit_tree'), scratch('audit'), String(records)]);
  const figures = JSON.parse(stdout);
  const { plain_us, append_us, seal_us } = figures;
  report.add('sealing, share of a transaction that appends', (seal_us / append_us) * 100, {
    unit: ' %', atMost: 10, detail: `CPU us per record: sealing ${number(seal_us)}, outside of the transaction; a small transaction ${number(append_us)} with a record, ${number(plain_us)} without`,
  });
  for (const [kind, most] of [['inclusion', 1], ['consistency', undefined]]) {
    const { p50, p99, cpu_p99 } = figures[kind];
    report.add(`${kind} proof at 10 million records`, p50, {
      unit: ' ms', atMost: most, detail: `median of random ones; p99 ${number(p99)} ms, of CPU ${number(cpu_p99)} ms`,
    });
  }
  report.add('tree of 10 million records on the disk', figures.tree_megabytes, { unit: ' MB' });
}
