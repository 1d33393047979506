// The directories of a run. They are removed at its very end, and spread over the disk: ext4 without a
// journal scans past the inodes that were freed in the last minutes whenever it makes a file near them,
// which would charge a server for what was deleted before it.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = mkdtempSync(join(tmpdir(), 'imprimatur-bench-'));
try { execFileSync('chattr', ['+T', root], { stdio: 'ignore' }); } catch { /* not ext4 */ }
let directories = 0;

/** How long it takes to make a file in the directory, in microseconds. */
function creating(directory) {
  const begun = performance.now();
  for (let i = 0; i < 64; i++) closeSync(openSync(join(directory, `probe${i}`), 'w'));
  return ((performance.now() - begun) / 64) * 1000;
}

/** A new directory: the first of a few places where making files is not slow, with nothing in it but
 *  the empty files that told. */
export function scratch(name) {
  const places = [];
  while (places.length < 8) {
    const directory = join(root, `${name}-${process.pid}-${directories++}`);
    mkdirSync(join(directory, 'probes'), { recursive: true });
    places.push({ directory, cost: creating(join(directory, 'probes')) });
    if (places.at(-1).cost < 40) break;
  }
  return places.sort((a, b) => a.cost - b.cost)[0].directory;
}

export const removeScratch = () => rmSync(root, { recursive: true, force: true });
