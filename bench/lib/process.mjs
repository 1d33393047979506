// Where a server runs and what it uses: its core, its CPU quota, its CPU time and its memory.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';

export const serverCore = '0';
export const clientCore = '1';

const v1 = '/sys/fs/cgroup/cpu';
const v2 = '/sys/fs/cgroup';

/** A share of a core that processes are held to, by the cgroup of either version; without the right
 *  to make one, `active` is false and nothing is limited. */
export class Quota {
  constructor(share) {
    this.share = share;
    const period = 10_000;
    try {
      const old = existsSync(`${v1}/cpu.cfs_quota_us`);
      this.directory = `${old ? v1 : v2}/imprimatur-bench-${process.pid}`;
      mkdirSync(this.directory);
      if (old) {
        writeFileSync(`${this.directory}/cpu.cfs_period_us`, String(period));
        writeFileSync(`${this.directory}/cpu.cfs_quota_us`, String(period * share));
      } else {
        writeFileSync(`${this.directory}/cpu.max`, `${period * share} ${period}`);
      }
      this.active = true;
    } catch (error) {
      this.active = false;
      this.reason = error.message;
      this.remove();
    }
  }

  hold(pid) {
    if (this.active) for (const one of family(pid)) writeFileSync(`${this.directory}/cgroup.procs`, String(one));
  }

  release(pid) {
    const root = this.directory.startsWith(v1) ? v1 : v2;
    if (this.active) for (const one of family(pid)) writeFileSync(`${root}/cgroup.procs`, String(one));
  }

  remove() {
    try { rmdirSync(this.directory); } catch { /* was never made */ }
  }
}

const lines = (path) => readFileSync(path, 'utf8').split('\n');

/** A process and its descendants. */
export function family(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try { return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean); }
    catch { return []; }
  });
  return [String(pid), ...children.flatMap(family)];
}

/** CPU time of a process and its descendants, in seconds: user and system, every living thread. */
export function cpuSeconds(pid) {
  let nanoseconds = 0;
  for (const one of family(pid)) {
    for (const thread of readdirSync(`/proc/${one}/task`)) {
      try { nanoseconds += Number(readFileSync(`/proc/${one}/task/${thread}/schedstat`, 'utf8').split(' ')[0]); }
      catch { /* the thread has ended */ }
    }
  }
  return nanoseconds / 1e9;
}

/** A line of /proc/<pid>/status in megabytes (VmRSS, VmHWM), over the process and its descendants. */
export function megabytes(pid, what = 'VmRSS') {
  return family(pid).reduce((total, one) => {
    const line = lines(`/proc/${one}/status`).find((text) => text.startsWith(`${what}:`));
    return total + Number(line?.match(/\d+/)?.[0] ?? 0) / 1024;
  }, 0);
}

/** Lets VmHWM start again from what is resident now. */
export const forgetPeak = (pid) => writeFileSync(`/proc/${pid}/clear_refs`, '5');

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
