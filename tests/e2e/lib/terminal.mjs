// The npm CLI at a terminal: what it asks only when a person could answer.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Runs npm in a pseudo-terminal. `answers` are [pattern, answer] in the order of npm's questions: when
 * what was printed since the answer before matches, the answer is typed (a string), or called with the
 * match and what it resolves to typed; nothing is typed for `undefined`. Resolves to {code, output}.
 */
export function npmAtTerminal(workspace, client, args, answers = [], { env = {} } = {}) {
  return new Promise((resolve) => {
    const command = [client.node, client.cli, ...args].map(quoted).join(' ');
    const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: workspace.directory,
      env: {
        PATH: `${join(client.node, '..')}:${process.env.PATH}`, HOME: workspace.home, LANG: 'C.UTF-8', TERM: 'dumb',
        npm_config_browser: 'false', npm_config_progress: 'false', npm_config_color: 'false', ...env,
      },
    });
    const waiting = [...answers];
    let output = '';
    let from = 0;
    const look = async () => {
      const match = waiting[0]?.[0].exec(output.slice(from));
      if (!match) return;
      const [, answer] = waiting.shift();
      from = output.length;
      const typed = typeof answer === 'function' ? await answer(match) : answer;
      if (typed !== undefined) child.stdin.write(`${typed}\n`);
    };
    const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.stdout.on('data', (chunk) => { output += chunk; look(); });
    child.stderr.on('data', (chunk) => { output += chunk; });
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, output: waiting.length ? `${output}\n(npm never asked ${waiting[0][0]})` : output });
    });
  });
}
