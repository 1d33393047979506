// The real npm CLIs, each on the Node version that it supports.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
/** A file of an installed package. */
export const module = (path) => join(modules, path);
const client = (name, node, npm) => ({
  name, node: module(join(node, 'bin/node')), cli: module(join(npm, 'bin/npm-cli.js')),
});

export const npm11 = client('npm 11.21.2 on Node 22', 'node-22', 'npm-11');
export const npm12 = client('npm 12.2.0 on Node 24', 'node-24', 'npm-12');
export const current = [npm11, npm12];
/** The oldest npm that exchanges identity tokens, and the oldest that stages. */
export const npmMinimum = client('npm 11.5.1 on Node 22', 'node-22', 'npm-11-minimum');
export const npmStageMinimum = client('npm 11.15.0 on Node 22', 'node-22', 'npm-11-stage');

/** A directory with a package in it, and a home of its own: no other .npmrc counts. */
export class Workspace {
  constructor(server, { token, manifest } = {}) {
    this.server = server;
    this.home = mkdtempSync(join(tmpdir(), 'imprimatur-npm-'));
    this.directory = join(this.home, 'work');
    mkdirSync(this.directory);
    this.npmrc(token);
    if (manifest) this.manifest(manifest);
  }

  npmrc(token) {
    const host = this.server.url.replace('http:', '');
    writeFileSync(join(this.home, '.npmrc'),
      `registry=${this.server.url}/\nupdate-notifier=false\naudit=false\nfund=false\nfetch-retries=0\n` +
      (token ? `${host}/:_authToken=${token}\n` : ''));
  }

  manifest(manifest) {
    writeFileSync(join(this.directory, 'package.json'), JSON.stringify({ main: 'index.js', ...manifest }, null, 2));
    writeFileSync(join(this.directory, 'index.js'), `module.exports = ${JSON.stringify(manifest.version ?? '')};\n`);
    return this;
  }

  /** Runs npm at a terminal, as a person does who confirms in the browser: `open` gets the first address that npm
   *  shows. Resolves to {code, output}. */
  npmAtTerminal(client, args, open) {
    const quoted = [client.node, client.cli, ...args, '--no-browser', '--auth-type=web'].map((word) => `'${word}'`);
    return new Promise((resolve, reject) => {
      const child = spawn('script', ['-qec', quoted.join(' '), '/dev/null'], {
        cwd: this.directory,
        env: { PATH: `${join(client.node, '..')}:${process.env.PATH}`, HOME: this.home, LANG: 'C.UTF-8', TERM: 'dumb' },
      });
      let output = '';
      let opened = false;
      const timer = setTimeout(() => child.kill(), 60_000);
      child.stdout.on('data', (chunk) => {
        output += chunk;
        const shown = output.match(/http:\/\/localhost:\d+\/login\/cli\/[\w-]{43}/);
        if (!shown || opened) return;
        opened = true;
        open(shown[0]).catch((error) => { child.kill(); reject(error); });
      });
      child.on('error', reject);
      child.on('close', (code) => { clearTimeout(timer); resolve({ code, output }); });
    });
  }

  /** Runs npm; resolves to {code, stdout, stderr, output}, never rejects. */
  npm(client, args, { env = {}, input = '' } = {}) {
    return new Promise((resolve) => {
      const child = spawn(client.node, [client.cli, ...args], {
        cwd: this.directory,
        env: { PATH: `${join(client.node, '..')}:${process.env.PATH}`, HOME: this.home, LANG: 'C.UTF-8', ...env },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk) => { stdout += chunk; });
      child.stderr.on('data', (chunk) => { stderr += chunk; });
      child.stdin.end(input);
      child.on('close', (code) => resolve({ code, stdout, stderr, output: stdout + stderr }));
    });
  }
}
