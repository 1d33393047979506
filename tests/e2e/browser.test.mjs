// The guide's clicking: a real browser against the real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Issuer, newJob } from './lib/issuer.mjs';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { SecondFactor } from './lib/totp.mjs';

const executablePath = process.env.E2E_CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const exchangePath = '/-/npm/v1/oidc/token/exchange/package/@acme%2fwidgets';

describe('in a browser', () => {
  let issuer, server, browser, context, page, token, factor, project;
  const violations = [];

  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n` });
    browser = await chromium.launch({ executablePath, headless: true, args });
    context = await browser.newContext();
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    page.on('pageerror', (error) => violations.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
    await issuer?.stop();
  });
  const go = (path) => page.goto(server.url + path);
  const heading = () => page.locator('h1').innerText();

  test('the first administrator is made with the link that the server prints', async () => {
    await page.goto(server.log.match(/http:\/\/\S+\/setup\/\S+/)[0]);
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('E-mail address').fill('alice@example.org');
    await page.locator('[name=password]').fill("alice's long password");
    await page.getByLabel('Password again').fill("alice's long password");
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByRole('link', { name: 'alice' }).waitFor();
    token = server.command(['token', 'create', '--user', 'alice']);
  });

  test('signs out and in again', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await go('/account');
    assert.match(page.url(), /\/login\?next=/);
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill('not the password');
    await page.locator('main').getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill("alice's long password");
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/account`);
  });

  test('sets up an authenticator app', async () => {
    await page.locator('#second-factor').getByLabel('Password').fill("alice's long password");
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    await page.locator('.qr svg').waitFor();
    const secret = await page.locator('.copy code').innerText();
    factor = new SecondFactor(`otpauth://totp/x?secret=${secret}`);
    await page.getByLabel('Code').fill(await factor.totpCode());
    await page.getByRole('button', { name: 'Switch it on' }).click();
    factor.recovery = await page.locator('.codes code').allInnerTexts();
    assert.equal(factor.recovery.length, 5);
  });

  test('makes an organisation and a project, and copies its identifiers', async () => {
    await go('/');
    await page.locator('main').getByLabel('Name').fill('acme');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('New project').click();
    await page.getByLabel('Name').fill('widgets');
    await page.getByRole('button', { name: 'Create the project' }).click();
    project = page.url().match(/\/project\/([^/]+)\//)[1];
    await page.getByRole('button', { name: 'Copy the Project ID' }).click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), project);
    await page.getByRole('button', { name: 'Copy the Pipeline definition ID' }).waitFor();
    await page.getByRole('button', { name: 'Copy the VCS origin' }).waitFor();
  });

  test('guards a context, and shows where an expression is wrong', async () => {
    await go('/org/acme/contexts');
    await page.getByText('New context').click();
    await page.getByLabel('Name').fill('trusted-publishing-guard');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Expression').fill('pipeline.git.branch = "main"');
    await page.getByRole('button', { name: 'Add the expression' }).click();
    const [, line, position] = (await page.getByRole('alert').innerText()).split('\n');
    assert.equal(line, 'pipeline.git.branch = "main"');
    assert.equal(position.indexOf('^'), line.indexOf('=') + 1);
    await page.getByLabel('Expression').fill('pipeline.git.branch == "main" and not job.ssh.enabled');
    await page.getByRole('button', { name: 'Add the expression' }).click();
    await page.getByRole('button', { name: 'Add the project' }).click();
    assert.deepEqual(await page.locator('#restrictions .pill').allInnerTexts(), ['group', 'expression', 'project']);
  });

  test('adds a trusted publisher', async () => {
    const workspace = new Workspace(server, { token, manifest: { name: '@acme/widgets', version: '1.0.0' } });
    const first = await workspace.npm(npm11, ['publish', '--access', 'public', '--otp', await factor.code()]);
    assert.equal(first.code, 0, first.output);
    await go('/package/@acme/widgets/settings');
    await page.getByLabel('Fill in from a project').selectOption({ label: 'acme / widgets / default' });
    await page.getByRole('button', { name: 'Fill in' }).click();
    assert.equal(await page.locator('[name=project_id]').inputValue(), project);

    const job = newJob();
    await page.locator('[name=organization_id]').fill(job.organization);
    await page.locator('[name=project_id]').fill(job.project);
    await page.locator('[name=pipeline_definition_id]').fill(job.definition);
    await page.locator('[name=vcs_origin]').fill(job.origin);
    await page.locator('#add').getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Add the publisher' }).click();
    await page.locator('#publishers').getByText(job.definition).waitFor();
    assert.deepEqual(await page.locator('#publishers summary .pill').allInnerTexts(), ['CircleCI', 'stage']);

    // What the pipeline then tries is on the same page, with the reason of each refusal.
    const rerun = issuer.token(job, { 'oidc.circleci.com/ssh-rerun': true });
    assert.equal((await server.request('POST', exchangePath, { token: rerun })).status, 403);
    await page.reload();
    const attempt = page.locator('#attempts tbody tr').first();
    assert.match(await attempt.innerText(), /ssh_rerun/);
    assert.match(await attempt.innerText(), /rerun with SSH/);

    // Staged by that identity, approved by a person.
    const ci = new Workspace(server, { manifest: { name: '@acme/widgets', version: '1.1.0', scripts: { postinstall: 'node index.js' } } });
    const staged = await ci.npm(npm11, ['stage', 'publish'], { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    assert.equal(staged.code, 0, staged.output);
  });

  test('approves a staged release, with a second factor alone', async () => {
    await go('/package/@acme/widgets/staged');
    const release = page.locator('main section.card');
    assert.match(await release.innerText(), /CircleCI\s+trusted publisher/);
    assert.match(await release.innerText(), /script postinstall\s+runs at install/);
    await page.getByLabel('One-time code').fill('000000');
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.getByRole('alert').waitFor();
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.0.0');
    await page.getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.waitForURL(/done=published/);
    assert.match(await page.locator('tbody tr').first().innerText(), /1\.1\.0.*trusted publisher.*approved by alice/s);
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.1.0');
  });

  test('lets a command line in', async () => {
    const { loginUrl, doneUrl } = (await server.request('POST', '/-/v1/login', { body: {} })).json;
    await page.goto(loginUrl);
    assert.match(await heading(), /command line/i);
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('Go back to your command line').waitFor();
    const done = await fetch(doneUrl);
    assert.match((await done.json()).token, /^imp_/);
  });

  test('asks for the second factor at sign-in', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await go('/login');
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill("alice's long password");
    await page.keyboard.press('Enter');
    await page.getByLabel('One-time code').fill(await factor.code());
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'alice' }).waitFor();
  });

  test('fits a phone, and every control has a name', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const paths = ['/', '/account', '/org/acme', '/org/acme/people', '/org/acme/contexts', '/org/acme/settings',
      '/pipelines/acme', '/deploys/acme', `/project/${project}`, `/project/${project}/settings`,
      '/package/@acme/widgets', '/package/@acme/widgets/settings', '/package/@acme/widgets/staged'];
    for (const path of paths) {
      assert.equal((await go(path)).status(), 200, path);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is too wide`);
      assert.equal(await page.locator('h1').count(), 1, `${path} has one heading`);
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
          .filter((control) => !control.labels?.length && !control.textContent.trim() && !control.ariaLabel)
          .map((control) => control.outerHTML));
      assert.deepEqual(nameless, [], path);
    }
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  });

  test('works without JavaScript', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
    const tab = await plain.newPage();
    await tab.goto(`${server.url}/org/acme/settings`);
    assert.equal(await tab.locator('button[data-copy]:visible').count(), 0);
    await tab.getByLabel('Display name').fill('Acme Works');
    await tab.getByRole('button', { name: 'Save' }).click();
    await tab.waitForURL(/done=saved/);
    assert.equal(await tab.locator('h1').innerText(), 'Acme Works');
    await plain.close();
  });

  test('nothing on any page broke the content security policy', () => {
    assert.deepEqual(violations, []);
  });
});
