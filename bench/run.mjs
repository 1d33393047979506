// Runs the benchmarks named on the command line; scripts/bench prepares and calls it.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { audit } from './cases/audit.mjs';
import { exchanges } from './cases/exchanges.mjs';
import { firstOutput } from './cases/first_output.mjs';
import { memory, publishes } from './cases/publishes.mjs';
import { express, packument, tarballs } from './cases/reads.mjs';
import { trustApply } from './cases/trust_apply.mjs';
import { startup } from './cases/startup.mjs';
import { Report } from './lib/report.mjs';
import { removeScratch } from './lib/scratch.mjs';

const cases = { packument, express, tarball: tarballs, publish: publishes, exchange: exchanges, trust: trustApply, audit, memory, startup, output: firstOutput };

const { values } = parseArgs({ options: { only: { type: 'string' }, seconds: { type: 'string' }, rounds: { type: 'string' } } });
const names = values.only?.split(',') ?? Object.keys(cases);
const unknown = names.filter((name) => !cases[name]);
const options = { seconds: Number(values.seconds ?? 1), rounds: Number(values.rounds ?? 5) };
if (unknown.length || !(options.seconds >= 1) || !(options.rounds >= 1)) {
  console.error(`bench: known names are ${Object.keys(cases).join(', ')}; --seconds and --rounds are numbers from 1`);
  process.exit(2);
}

console.log(`${cpus().length} x ${cpus()[0].model}, ${new Date().toISOString().slice(0, 10)}, ${options.rounds} rounds of ${options.seconds} s`);
const report = new Report();
let failed = false;
for (const name of names) {
  console.log(`${name}`);
  try {
    await cases[name](report, options);
  } catch (error) {
    failed = true;
    report.note(`${name}: NOT MEASURED: ${error.message.slice(0, 2000)}`);
  }
}
removeScratch();
report.print();
if (report.missed.length) console.log(`\n${report.missed.length} below expectation: ${report.missed.map((row) => row[0]).join('; ')}`);
process.exit(failed ? 1 : 0);
