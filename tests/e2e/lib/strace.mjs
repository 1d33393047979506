// Kills a running server at a system call of its own.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Attaches strace to the running server, to kill it at its n-th call of this kind from now on (of one
 *  thread: the calls of a publish that are of one kind are made by one thread). */
export async function attach(server, syscall, n) {
  const strace = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${syscall}`,
    '-e', `inject=${syscall}:signal=SIGKILL:when=${n}`, '-p', String(server.process.pid)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => strace.once('exit', resolve));
  const process = `/proc/${server.process.pid}`;
  const traced = () => {
    try {
      return readdirSync(`${process}/task`).every((task) =>
        !/^TracerPid:\t0$/m.test(readFileSync(`${process}/task/${task}/status`, 'utf8')));
    } catch {
      return !existsSync(process); // a call that the server makes by itself may have been the n-th
    }
  };
  for (let i = 0; i < 200 && !traced(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return { stop: async () => { strace.kill('SIGTERM'); await ended; } };
}

/** Whether the server died; it has a moment, since the answer may be there before the signal. */
export const settled = (server) =>
  Promise.race([server.exited.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 150))]);
