// Command lines that cannot be obeyed say what was wrong, where, and what to do, without a server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { binary } from './lib/server.mjs';

describe('command lines that cannot be obeyed', () => {
  let home;
  const run = (args) => spawnSync(binary, args,
    { cwd: home, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: home, IMPRIMATUR_TOKEN: 'npm_x' } });
  before(() => { home = mkdtempSync(join(tmpdir(), 'imprimatur-commands-')); });
  after(() => rmSync(home, { recursive: true, force: true }));

  const claims = ['--type', 'github', '--claim', 'repository=acme/lib'];
  const cases = [
    [['trust'], /^imprimatur trust: say what to do: list, add, .* or export\n {2}see imprimatur trust --help$/m],
    [['trust', 'lst'], /^imprimatur trust: there is no "lst"; there is list, add/m],
    [['trust', 'list', '@acme/lib', '--registri', 'x'], /^imprimatur trust list: there is no option --registri$/m],
    [['trust', 'list', 'a/b'], /"a\/b" cannot be a package name: /],
    [['trust', 'attempts', '@acme'], /@acme is a scope, and this is about one package/],
    [['trust', 'export', '--scope', 'acme'], /"acme" is no scope, which is written "@acme"/],
    [['trust', 'add', 'lib', ...claims], /Say what it may do: --allow-publish, --allow-stage-publish or --allow-dist-tags/],
    [['trust', 'check', 'lib', '--issuer', 'github'], /--issuer requires --claim/],
    [['trust', 'switches', 'lib', '--on', 'stagedOnly', '--relax', 'stagedOnly'], /stagedOnly cannot be turned on and relaxed/],
    [['trust', 'plan'], /trust\.yaml cannot be read: No such file or directory\.\n.*--file/],
    [['trust', 'plan', '--file', '.'], /\. cannot be read: Is a directory/],
    [['trust', 'export', '--registry', 'localhost:4873'], /"localhost:4873" is no address of a registry, which begins with http/],
    [['trust', 'export', '--registry', 'http://127.0.0.1:1'], /Is http:\/\/127\.0\.0\.1:1 the registry's address/],
    [['stage', 'policy', 'set', 'lib'], /Say what the policy asks for: --approvals/],
    [['verify', 'lib@latest'], /"latest" is no version/],
  ];
  for (const [args, said] of cases) {
    test(args.join(' '), () => {
      const { status, stderr } = run(args);
      assert.ok(status > 0, `${status}: ${stderr}`);
      assert.match(stderr, said);
    });
  }

  // What looked frozen would go on publishing.
  test('a data directory that was mistyped is not made', () => {
    const data = join(home, 'mistyped');
    for (const args of [['issuer', 'freeze', 'github'], ['issuer', 'list'], ['issuer', 'remove', 'x'], ['freeze', 'list'],
      ['token', 'create', '--user', 'ada']]) {
      const { status, stderr } = run([...args, '--data', data]);
      assert.equal(status, 1, args.join(' '));
      assert.match(stderr, /mistyped holds no Imprimatur database\. Start the server once, or name its directory/);
      assert.equal(existsSync(data), false, args.join(' '));
    }
  });
});
