// Pages with what people really make: names as long as they may be, long claims, many changes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Issuer, newJob, publisherOf } from './lib/issuer.mjs';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Pages } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { enableTotp } from './lib/totp.mjs';

const executablePath = process.env.E2E_CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const name = `@alice/${'a-very-long-name-'.repeat(13)}`.slice(0, 214).replace(/-$/, 'e');
const version = (n) => `1.0.${n}-alpha.${'1234567890'.repeat(4)}.build`;
const tag = 'nightly-builds-of-the-northern-branch-of-the-company';

describe('pages with long content', () => {
  let issuer, server, browser, pages, token, stage;

  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
    token = server.addUser('alice', { admin: true });
    const factor = await enableTotp(server, token, "alice's long password");
    const person = new Workspace(server, { token });
    const description = 'A description of four kilobytes. '.repeat(125);
    const manifest = { name, description, dependencies: {} };
    person.manifest({ ...manifest, version: version(1) });
    const first = await person.npm(npm11, ['publish', '--access', 'public', '--tag', tag, `--otp=${await factor.code()}`]);
    assert.equal(first.code, 0, first.output);
    const job = newJob();
    const trusted = await server.request('POST', `/-/package/${name.replace('/', '%2f')}/trust`, {
      token, headers: { 'npm-otp': await factor.code() }, body: [publisherOf(job, ['createStagedPackage'])],
    });
    assert.equal(trusted.status, 200, trusted.text);
    const ci = new Workspace(server);
    ci.manifest({ ...manifest, version: version(2), dependencies: { [`right-${'x'.repeat(190)}`]: '1' },
      scripts: { postinstall: `node ${'y'.repeat(300)}` } });
    const staged = await ci.npm(npm11, ['stage', 'publish', '--tag', tag],
      { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    assert.equal(staged.code, 0, staged.output);
    [stage] = (await server.request('GET', '/-/stage?page=0&perPage=9', { token })).json.items;
    pages = new Pages(server);
    await pages.signIn('alice', "alice's long password", await factor.code());
    browser = await chromium.launch({ executablePath, headless: true, args });
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
    await issuer?.stop();
  });

  for (const [device, width, height] of [['a phone', 390, 800], ['a laptop', 1280, 800]]) {
    test(`fit ${device}, in order and with names`, async () => {
      const context = await browser.newContext({ viewport: { width, height } });
      const [cookie, value] = pages.cookie.split('=');
      await context.addCookies([{ name: cookie, value, url: server.url }]);
      const page = await context.newPage();
      for (const path of ['/', '/staged', '/account', '/account/prepared', '/account/audit', `/package/${name}`,
        `/package/${name}/settings`, `/package/${name}/settings?type=github`, `/package/${name}/settings?type=generic`,
        `/package/${name}/settings/check`, `/package/${name}/staged`, `/package/${name}/staged/${stage.id}`,
        `/package/${name}/hooks`]) {
        assert.equal((await page.goto(server.url + path)).status(), 200, path);
        const seen = await page.evaluate(() => ({
          fits: document.documentElement.scrollWidth <= innerWidth,
          // What is wider than its card, and no part of something that scrolls.
          sticksOut: [...document.querySelectorAll('.card *')].filter((element) =>
            !element.closest('.table, .diff, .unseen, pre, .tabs') &&
            element.getBoundingClientRect().right > element.closest('.card').getBoundingClientRect().right + 1)
            .map((element) => element.outerHTML.slice(0, 120)),
          levels: [...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1])),
          twice: [...document.querySelectorAll('[id]')].map((element) => element.id)
            .filter((id, index, all) => all.indexOf(id) !== index),
          lost: [...document.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute('href').slice(1))
            .filter((id) => !document.getElementById(id)),
        }));
        assert.deepEqual({ ...seen, levels: undefined }, { fits: true, sticksOut: [], levels: undefined, twice: [], lost: [] }, path);
        assert.equal(seen.levels.filter((level) => level === 1).length, 1, `${path} has one heading of the first level`);
        seen.levels.reduce((before, level) => {
          assert.ok(level <= before + 1, `${path} skips a level of headings: ${seen.levels}`);
          return level;
        }, 0);
      }
      await context.close();
    });
  }
});
