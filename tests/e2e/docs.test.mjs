// The documentation: its commands run, and it lists what the source has, no more and no less.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { npm11 } from './lib/npm.mjs';
import { Server, binary } from './lib/server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const filesBelow = (folder, ending) => readdirSync(join(root, folder), { recursive: true })
  .map((name) => join(folder, name)).filter((name) => name.endsWith(ending)).sort();
const pages = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')];
const sources = (folder, ending = '.cpp') => filesBelow(folder, ending).map(read);

// ---- Commands

/** The shell blocks of a page that are marked with <!-- run -->, in order. */
const runnable = (text) => [...text.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)].map((block) => block[1]);

/** A shell as a reader has it: the binary, npm and a home of its own; `data` is the server's. */
async function runPage(page) {
  const server = await Server.start();
  const place = mkdtempSync(join(tmpdir(), 'imprimatur-docs-'));
  try {
    const bin = join(place, 'bin');
    const work = join(place, 'work');
    for (const directory of [bin, work, join(place, 'home')]) mkdirSync(directory);
    symlinkSync(binary, join(bin, 'imprimatur'));
    symlinkSync(npm11.node, join(bin, 'node'));
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\nexec '${npm11.node}' '${npm11.cli}' "$@"\n`);
    chmodSync(join(bin, 'npm'), 0o755);
    symlinkSync(server.data, join(work, 'data'));
    const script = runnable(read(page)).join('\n').replaceAll('localhost:4873', `localhost:${server.port}`);
    const child = spawn('bash', ['--noprofile', '--norc', '-euxo', 'pipefail', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: work,
      env: {
        PATH: `${bin}:${process.env.PATH}`, HOME: join(place, 'home'), LANG: 'C.UTF-8', CI: 'true',
        npm_config_update_notifier: 'false', npm_config_fetch_retries: '0', GIT_TERMINAL_PROMPT: '0',
      },
    });
    let output = '';
    child.stdout.on('data', (chunk) => { output += chunk; });
    child.stderr.on('data', (chunk) => { output += chunk; });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(code, 0, `${page}:\n${output}\n${server.log}`);
    return output;
  } finally {
    await server.dispose();
    rmSync(place, { recursive: true, force: true });
  }
}

/** What a page promises beside exit code 0. */
const promises = {
  'README.md': [/\+ @ada\/widget@1\.0\.0/, /"code":"unknown_key"/, /approved and published successfully/,
    /audit log intact/, /damaged at record 5 \(altered\)/],
  'docs/guide/provenance.md': [/passed +signature/, /passed +consistency/, /@ada\/widget@1\.0\.0 of \S+: verified/],
  'docs/guide/brakes.md': [/^froze @acme\/widget$/m, /"action":"freeze.remove"/],
  'docs/guide/test-issuer.md': [/\+ @ada\/widget@1\.1\.0/, /\+ @ada\/widget@1\.2\.0/, /^granted$/m, /^no_matching_publisher$/m,
    /^claim_missing$/m, /^ssh_rerun$/m, /^algorithm_not_allowed$/m, /^too_old$/m, /^audience_mismatch$/m],
  'docs/guide/staged-publishing.md': [/compared with nothing: it is the first/,
    /"code":"second_factor_not_enabled"/, /approved and published/, /own: 2 approvals, by somebody else/],
};
for (const page of pages.filter((name) => runnable(read(name)).length > 0)) {
  test(`the commands of ${page} work`, async () => {
    const output = await runPage(page);
    for (const promise of promises[page] ?? []) assert.match(output, promise);
  });
}

test('pages with promises have commands that run', () => {
  for (const page of Object.keys(promises)) assert.notEqual(runnable(read(page)).length, 0, page);
});

// ---- Code

test('blocks that show a file are that file', () => {
  const shown = pages.flatMap((page) =>
    [...read(page).matchAll(/<!-- same as (\S+) -->\n```\w*\n([\s\S]*?)```/g)].map(([, file, text]) => ({ page, file, text })));
  const marks = pages.flatMap((page) => read(page).match(/^<!-- same as \S+ -->$/gm) ?? []);
  assert.ok(shown.length >= 3, 'the pages were not read');
  assert.equal(shown.length, marks.length, 'a mark has no block');
  for (const { page, file, text } of shown) assert.equal(text, read(file), `${page}: ${file}`);
});

// ---- Links

/** The anchor that a heading gets on the usual hosts. */
const anchorOf = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-');

test('links between pages lead somewhere', () => {
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (!anchor) continue;
      const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map((heading) => anchorOf(heading[1]));
      assert.ok(headings.includes(anchor), `${page}: ${target}`);
    }
  }
});

test('the public registry is not named by its host', () => {
  const host = ['registry', 'npmjs', 'org'].join('.');
  for (const page of pages) assert.ok(!read(page).includes(host), page);
});

test('the tests that pages name exist', () => {
  const defined = new Set(sources('tests').flatMap((text) =>
    [...text.matchAll(/^TEST(?:_[FP])?\((\w+), (\w+)\)/gm)].map(([, suite, name]) => `${suite}.${name}`)));
  for (const page of pages.filter((name) => !name.startsWith('CONTRIBUTING'))) {
    for (const [, named] of read(page).matchAll(/`([A-Z]\w+\.[A-Z]\w+)`/g)) {
      if (!named.endsWith('.md')) assert.ok(defined.has(named), `${page}: ${named}`);
    }
  }
});

// ---- Refusals

const statusOf = {
  invalid: 400, unauthenticated: 401, challenge: 401, forbidden: 403, not_found: 404, not_allowed: 405, conflict: 409,
  gone: 410, too_large: 413, unsupported: 415, unprocessable: 422, rate_limited: 429, internal: 500, upstream: 502,
  unavailable: 503,
};
/** Statuses of the server's own answers that no kind of failure stands for; see src/http/http_refusal.cpp. */
const special = {
  head_too_large: 431, unsupported_http_version: 505, head_timed_out: 408, body_timed_out: 408, expectation_unknown: 417,
};

/** Code to status, from every `Reason reason(SomeEnum)` in the source. */
function refusalsInSource() {
  const constants = new Map(sources('src', '.h').flatMap((text) =>
    [...text.matchAll(/constexpr std::string_view (\w+) = "(\w+)";/g)].map((match) => [match[1], match[2]])));
  const found = new Map();
  for (const text of sources('src')) {
    for (const [body] of text.matchAll(/^Reason reason\([\s\S]*?^}/gm)) {
      const same = body.match(/constexpr FailureKind kind = FailureKind::(\w+);/)?.[1];
      for (const [, literal, name, kind] of body.matchAll(
        /case [\w:]+:\s*(?:\/\/.*\s*)*return \{(?:"(\w+)"|(\w+)),\s*(?:FailureKind::)?(\w+)\}/g)) {
        const code = literal ?? constants.get(name);
        assert.ok(code, `${name} is no constant that this test finds`);
        const status = special[code] ?? statusOf[kind === 'kind' ? same : kind];
        assert.ok(status, `${code}: ${kind}`);
        assert.ok(!found.has(code) || found.get(code) === status, `${code} has two statuses`);
        found.set(code, status);
      }
    }
  }
  return found;
}

test('every refusal has a section, with its status', () => {
  const documented = new Map();
  for (const [, code, status] of read('docs/guide/troubleshooting.md').matchAll(/^### `(\w+)` \((\d+)\)$/gm)) {
    assert.ok(!documented.has(code), `${code} is explained twice`);
    documented.set(code, Number(status));
  }
  const inSource = refusalsInSource();
  assert.ok(inSource.size > 200, 'the source was not read');
  assert.deepEqual([...documented].sort(), [...inSource].sort());
});

// ---- Settings

/** Key to default and range, from the structure and the table in src/app. */
function settingsInSource() {
  const header = read('src/app/settings.h');
  const defaults = new Map([...header.matchAll(/^ {2}(?:std::\S+|bool|Milliseconds) (\w+)(?: = ([^;]+)|\{([^}]+)\})?;/gm)]
    .map(([, name, assigned, braced]) => [name, (assigned ?? braced ?? '').replaceAll('"', '')]));
  const duration = (text) => text.replace(/(\w+)\((\d+)\)/, (_, unit, number) => (number === '0' ? '0s' : number + unit[0]));
  const inDuration = (milliseconds) => (milliseconds % 60000 === 0 ? `${milliseconds / 60000}m` : `${milliseconds / 1000}s`);
  const table = read('src/app/settings.cpp').match(/SettingsTable Settings::table\(\) \{([\s\S]*?)\n\}/)[1];
  return [...table.matchAll(/table\.(\w+)\(\s*"([\w.]+)",\s*(\w+),([\s\S]*?)\);\n/g)].map(([, type, key, member, rest]) => {
    const value = defaults.get(member) ?? '';
    const bounds = rest.replaceAll(/\s+/g, ' ').split(/, ?(?=")/)[0].trim();
    if (type === 'number') {
      const numbers = bounds.split(', ').slice(0, 2)
        .map((text) => text.replaceAll("'", '').split('*').reduce((product, factor) => product * Number(factor), 1));
      return [key, value, numbers.join(' to ')];
    }
    if (type === 'duration') return [key, inDuration(Number(value.replaceAll("'", ''))), bounds.split(', ').map(duration).join(' to ')];
    if (type === 'choice') return [key, value, rest.match(/\{([^}]*)\}/)[1].replaceAll('"', '')];
    return [key, value, { text: 'text', list: 'list', flag: 'true, false' }[type]];
  });
}

test('every setting is listed, with its default and range', () => {
  const documented = [...read('docs/guide/settings.md').matchAll(/^\| `([\w.]+)` \| (.*?) \| (.*?) \|/gm)]
    .map(([, key, value, range]) => [key, value.replaceAll('`', ''), range.replaceAll('`', '')]);
  const inSource = settingsInSource();
  assert.ok(inSource.length > 15, 'the source was not read');
  assert.deepEqual(documented, inSource);
});

// ---- Routes

/** "GET /-/ping", from every registration in the source but the pages'. */
function routesInSource() {
  const found = [];
  const constantsOf = (text) => [...text.matchAll(/(?:std::string_view|const std::string) (\w+)\s*=\s*((?:\s*"[^"]*")+)/g)]
    .map(([, name, literals]) => [name, [...literals.matchAll(/"([^"]*)"/g)].map((part) => part[1]).join('')]);
  const shared = [...sources('src/accounts', '.h'), ...sources('src/ci/runner', '.h')].flatMap(constantsOf);
  for (const text of ['src/app', 'src/registry/api', 'src/ci/api'].flatMap((folder) => sources(folder))) {
    const constants = new Map([...shared, ...constantsOf(text)]);
    const valueOf = (expression) => expression.split('+').map((term) => {
      const bare = term.trim().replace(/^std::string\((.*)\)$/, '$1');
      if (bare.startsWith('"')) return [...bare.matchAll(/"([^"]*)"/g)].map((part) => part[1]).join('');
      const value = constants.get(bare.replace(/^.*::/, ''));
      assert.ok(value !== undefined, `${bare} is no constant that this test finds`);
      return value;
    }).join('');
    const path = '((?:std::string\\([\\w:]+\\)|[\\w:]+|(?:"[^"]*"\\s*)+)(?:\\s*\\+\\s*"[^"]*")?)';
    const registrations = new RegExp(
      `(?:router\\.add(?:_sink)?\\(|add_endpoint\\(router, services,|add_upload_route\\(router, services,)\\s*` +
      `(?:http::)?Method::(\\w+),\\s*${path},`, 'g');
    for (const [, method, expression] of text.matchAll(registrations)) {
      if (expression === 'pattern') continue; // inside the helper that registers for others
      found.push(`${method === 'del' ? 'DELETE' : method.toUpperCase()} ${valueOf(expression)}`);
    }
    for (const [, literal] of text.matchAll(/add_public\(router, services,\s*"([^"]*)"/g)) found.push(`GET ${literal}`);
  }
  return found.sort();
}

test('docs/wire.md lists the routes that the source registers', () => {
  const documented = [...read('docs/wire.md').matchAll(/^\| `([A-Z]+ \/\S*)` \|/gm)].map((match) => match[1]).sort();
  const inSource = routesInSource();
  assert.ok(inSource.length > 80, 'the source was not read');
  assert.deepEqual(documented, inSource);
});

test('the routes of docs/wire.md are served', async () => {
  const server = await Server.start();
  try {
    for (const [, method, pattern] of read('docs/wire.md').matchAll(/^\| `([A-Z]+) (\/\S*)` \|/gm)) {
      const path = pattern.replaceAll('{package}', '@a%2fb').replace(/\{repository\}/, 'b.git').replaceAll(/\{\w+\}/g, 'x');
      const answer = await server.request('OPTIONS', path);
      const allowed = (answer.headers.get('allow') ?? '').split(', ');
      assert.ok(allowed.includes(method), `${method} ${path}: allowed are ${allowed}`);
    }
  } finally {
    await server.dispose();
  }
});
