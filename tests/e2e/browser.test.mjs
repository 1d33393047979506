// The guide's clicking: a real browser against the real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Ci } from './lib/ci.mjs';
import { deployConfig, guardedConfig, stageConfig } from './lib/configs.mjs';
import { Gate } from './lib/gate.mjs';
import { Issuer, newJob } from './lib/issuer.mjs';
import { Workspace, npm11 } from './lib/npm.mjs';
import { Server } from './lib/server.mjs';
import { SecondFactor } from './lib/totp.mjs';

const executablePath = process.env.E2E_CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const exchangePath = '/-/npm/v1/oidc/token/exchange/package/@acme%2fwidgets';

describe('in a browser', () => {
  let issuer, gate, server, browser, context, page, token, factor, project, repository;
  const shown = {};  // addresses of pages with something to see on them
  const identifiers = {};  // what a trusted publisher is made of, copied from the pages that show it
  const violations = [];

  before(async () => {
    issuer = await Issuer.start();
    gate = await new Gate().start();
    server = await Server.start({ args: [], settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
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
    await gate?.stop();
  });
  const go = (path) => page.goto(server.url + path);
  const copied = async (what) => {
    await page.evaluate(() => navigator.clipboard.writeText(''));
    await page.getByRole('button', { name: `Copy ${what}` }).click();
    await page.waitForFunction(async () => await navigator.clipboard.readText() !== '');
    return page.evaluate(() => navigator.clipboard.readText());
  };
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
    await page.locator('main').getByRole('button', { name: 'Sign in', exact: true }).click();
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
    identifiers.project_id = await copied('the Project ID');
    await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' });
    assert.equal(identifiers.project_id, project);
    identifiers.pipeline_definition_id = await copied('the Pipeline definition ID');
    identifiers.vcs_origin = await copied('the VCS origin');
    await go('/org/acme');
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Settings' }).click();
    await page.getByText('Organization ID').waitFor();
    identifiers.organization_id = await copied('the Organization ID');
    assert.match(identifiers.organization_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('makes a group with somebody in it', async () => {
    await go('/org/acme/people');
    await page.getByText('New group').click();
    await page.getByRole('button', { name: 'Create' }).locator('xpath=ancestor::form').getByLabel('Name').fill('releasers');
    await page.getByRole('button', { name: 'Create' }).click();
    const group = page.locator('li', { has: page.getByRole('heading', { name: 'releasers' }) });
    await group.getByLabel('Add a member').fill('alice');
    await group.getByRole('button', { name: 'Add' }).click();
    await group.getByRole('button', { name: 'Remove alice' }).waitFor();
  });

  test('guards a context, and shows where an expression is wrong', async () => {
    await go('/org/acme/contexts');
    await page.getByText('New context').click();
    await page.getByLabel('Name').fill('trusted-publishing-guard');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Expression').fill('pipeline.git.branch = "main"');
    await page.getByRole('button', { name: 'Add the expression' }).click();
    const [, line, position] = (await page.getByRole('alert').innerText()).split('\n');
    // The message stands where the mistake is, and the keyboard is there already.
    const field = page.locator('[name=value][aria-invalid]');
    assert.equal(await field.getAttribute('aria-describedby'), 'problem');
    assert.equal(await field.evaluate((input) => input === document.activeElement), true);
    assert.equal(line, 'pipeline.git.branch = "main"');
    assert.equal(position.indexOf('^'), line.indexOf('=') + 1);
    await page.getByLabel('Expression').fill('pipeline.git.branch == "main" and not job.ssh.enabled');
    await page.getByRole('button', { name: 'Add the expression' }).click();
    await page.getByRole('button', { name: 'Add the project' }).click();
    // To the group, and no longer to everybody.
    await page.getByLabel('Group').selectOption({ label: 'releasers' });
    await page.getByRole('button', { name: 'Add the group' }).click();
    await page.getByRole('button', { name: 'Remove group releasers' }).waitFor();
    await page.getByRole('button', { name: 'Remove group All members' }).click();
    await page.getByRole('button', { name: 'Remove group All members' }).waitFor({ state: 'detached' });
    assert.deepEqual((await page.locator('#restrictions .pill').allInnerTexts()).sort(), ['expression', 'group', 'project']);
    identifiers.context_ids = await copied('the Context ID');
  });

  test('adds a trusted publisher with the identifiers that the pages showed', async () => {
    const workspace = new Workspace(server, { token, manifest: { name: '@acme/widgets', version: '1.0.0' } });
    const first = await workspace.npm(npm11, ['publish', '--access', 'public', '--otp', await factor.code()]);
    assert.equal(first.code, 0, first.output);
    await go('/package/@acme/widgets/settings');
    await page.getByLabel('Fill in from a project').selectOption({ label: 'acme / widgets / default' });
    await page.getByRole('button', { name: 'Fill in' }).click();
    await page.waitForURL(/from=/);
    // The same as by hand, but for the contexts.
    for (const [name, value] of Object.entries(identifiers)) {
      const field = page.locator(`#add [name=${name}]`);
      if (name !== 'context_ids') assert.equal(await field.inputValue(), value, name);
      await field.fill(value);
    }
    await page.locator('#add').getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Add the publisher' }).click();
    await page.getByText('Added.').waitFor();
    const publisher = await page.locator('#publishers').innerText();
    for (const value of Object.values(identifiers)) assert.ok(publisher.includes(value), value);
    assert.ok(publisher.includes(`${server.url}/oidc`), publisher);
    assert.deepEqual(await page.locator('#publishers summary .pill').allInnerTexts(), ['CircleCI', 'stage', 'not used yet']);
  });

  test('says what is wrong with a new publisher while it is typed', async () => {
    const note = page.locator('#add .typed');
    await go('/package/@acme/widgets/settings?type=github');
    await page.locator('#add [name=repository]').fill('widgets');
    await note.getByText('must be owner/repository').waitFor();
    await page.locator('#add [name=repository]').fill('acme/widgets');
    await note.waitFor({ state: 'detached' });
    await page.getByLabel('Repository ID (optional)').fill('7'.repeat(65));
    await note.getByText('of at most 64 bytes').waitFor();

    server.command(['issuer', 'add', 'forge', '--kind', 'generic', '--url', 'https://forge.example', '--tenant-claim', 'organization']);
    server.command(['issuer', 'add', 'cluster', '--kind', 'generic', '--url', 'https://cluster.example', '--single-tenant']);
    await go('/package/@acme/widgets/settings?type=generic');
    await page.locator('#add [name=claims]').fill('pipeline = release');
    await note.getByText('claims["organization"] is required').waitFor();
    await page.locator('#add [name=issuer]').selectOption('https://cluster.example');
    await note.waitFor({ state: 'detached' });
  });

  test('adds one of CircleCI itself, and shows what it tries', async () => {
    await go('/package/@acme/widgets/settings');
    const job = newJob();
    await page.locator('[name=organization_id]').fill(job.organization);
    await page.locator('[name=project_id]').fill(job.project);
    await page.locator('[name=pipeline_definition_id]').fill(job.definition);
    await page.locator('[name=vcs_origin]').fill(job.origin);
    await page.locator('#add').getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Add the publisher' }).click();
    await page.locator('#publishers').getByText(job.definition).waitFor();

    // What the pipeline then tries is on the same page, with the reason of each refusal.
    const rerun = issuer.token(job, { 'oidc.circleci.com/ssh-rerun': true });
    assert.equal((await server.request('POST', exchangePath, { token: rerun })).status, 403);
    await page.reload();
    const attempt = page.locator('#attempts .timeline > li').first();
    assert.match(await attempt.innerText(), /ssh_rerun/);
    assert.match(await attempt.innerText(), /rerun with SSH/);

    // Staged by that identity, approved by a person.
    const ci = new Workspace(server, { manifest: { name: '@acme/widgets', version: '1.1.0', scripts: { postinstall: 'node index.js' } } });
    const staged = await ci.npm(npm11, ['stage', 'publish'], { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    assert.equal(staged.code, 0, staged.output);
  });

  test('approves a staged release, with a second factor alone', async () => {
    await go('/');
    await page.getByRole('link', { name: 'To approve 1' }).click();
    await page.locator('main').getByRole('link', { name: '@acme/widgets 1.1.0' }).click();
    await page.waitForURL(/\/package\/@acme\/widgets\/staged\/[0-9a-f-]{36}$/);
    const release = page.locator('main');
    await release.getByRole('heading', { name: 'Files' }).waitFor();
    assert.match(await release.innerText(), /CircleCI\s+trusted publisher/);
    assert.match(await release.innerText(), /script postinstall\s+runs at install/);
    assert.match(await release.innerText(), /changed\s+package\.json/);
    assert.match(await page.locator('.diff .added').first().innerText(), /^\+/);
    assert.match(await release.innerText(), /Expires\s+20\d\d-\d\d-\d\d/);
    await page.getByLabel('One-time code').fill('000000');
    await page.getByLabel('Reason (optional)').fill('Too early');
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.getByRole('alert').waitFor();
    // What was typed and what is decided about are still there.
    assert.equal(await page.getByLabel('Reason (optional)').inputValue(), 'Too early');
    await release.getByRole('heading', { name: 'Files' }).waitFor();
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.0.0');
    const decision = page.locator('form', { has: page.getByRole('button', { name: 'Approve and publish' }) });
    await decision.getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.waitForURL(/done=published/);
    assert.match(await page.locator('tbody tr').first().innerText(), /1\.1\.0.*trusted publisher.*approved by alice/s);
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.1.0');
  });

  test('shows a push as a pipeline, and follows what its job prints', async () => {
    repository = new Ci(server, token).repository({ organization_name: 'acme', name: 'widgets' });
    repository.write({ '.circleci/config.yml': deployConfig(gate.url) });
    await go(`/project/${project}`);
    await page.getByText('No pipelines yet').waitFor();
    repository.push('main', 'Say <b>what</b> is deployed');
    // The list looks again by itself.
    await page.getByRole('link', { name: 'deploy' }).waitFor({ timeout: 30_000 });
    assert.match(await page.locator('.pipeline').innerText(), /#1 Say <b>what<\/b> is deployed[^]*push by alice/);
    await page.getByRole('link', { name: 'deploy' }).click();
    shown.workflow = new URL(page.url()).pathname;
    await page.getByRole('link', { name: 'plan' }).click();
    shown.job = new URL(page.url()).pathname;
    const log = page.locator('.step', { hasText: 'Print in colours' }).locator('.log');
    await log.getByText('waits for the gate').waitFor({ timeout: 30_000 });
    assert.equal(await page.locator('#status').innerText(), 'running');
    assert.equal(await log.locator('.bold.fg-2').innerText(), 'green');
    await log.getByText('100%').waitFor();
    assert.doesNotMatch(await log.innerText(), /10%|\[32m/);
    assert.match(await log.innerText(), /caf\u00e9 <i>not markup<\/i>/);

    gate.open = true;
    await page.locator('#status', { hasText: 'success' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Cancel this job' }).count(), 0);
    assert.match(await log.innerText(), /the gate is open/);
    // The same after a reload, from the server alone.
    const live = await log.innerText();
    await page.reload();
    assert.equal(await log.innerText(), live);
    assert.equal(await log.locator('.bold.fg-2').innerText(), 'green');
  });

  test('follows a deployment from planned to live, and approves what it waits for', async () => {
    const timeline = await context.newPage();
    timeline.setDefaultTimeout(20_000);
    await timeline.goto(`${server.url}/deploys/acme`);
    const first = timeline.locator('.timeline > li').first();
    assert.match(await first.innerText(), /widgets 2\.0\.1\s+to production\s+planned/);
    await timeline.getByText('Nothing is live yet').waitFor();
    for (const [approval, status] of [['start', 'running'], ['finish', 'success']]) {
      await go(shown.workflow);
      await page.getByRole('button', { name: `Approve ${approval}` }).click();
      await page.getByText('Approved: the jobs behind it go on').waitFor();
      await first.locator('.pill', { hasText: status }).waitFor();
    }
    await page.locator('#status', { hasText: 'success' }).waitFor();
    await page.getByText('Approved by alice').first().waitFor();
    await timeline.reload();
    assert.match(await timeline.locator('[data-part=live]').innerText(), /widgets\s+2\.0\.1\s+in production/);
    await first.getByRole('link', { name: 'job 1' }).click();
    assert.equal(new URL(timeline.url()).pathname, shown.job);
    await timeline.close();
  });

  test('shows which expression refused a job its context, on the workflow and on the job', async () => {
    repository.write({ '.circleci/config.yml': guardedConfig }).push('feature', 'Try it from a branch');
    await go('/pipelines/acme');
    await page.locator('.pipeline', { hasText: 'Try it from a branch' }).getByText('unauthorized').first()
      .waitFor({ timeout: 30_000 });
    await page.locator('.pipeline').first().getByRole('link', { name: 'guarded' }).click();
    const reason = /trusted-publishing-guard.*pipeline\.git\.branch == "main" and not job\.ssh\.enabled/;
    assert.match(await page.locator('.note.bad').innerText(), reason);
    shown.refused = new URL(page.url()).pathname;
    await page.getByRole('link', { name: 'guard-me' }).click();
    assert.match(await page.locator('.note.bad').innerText(), reason);
    assert.match(await page.locator('#steps').innerText(), /No step ran/);

    repository.write({ '.circleci/config.yml': 'version: 2.1\njobs: [1]\n' }).push('broken', 'Break it');
    await go('/pipelines/acme?branch=broken');
    await page.locator('.note.bad pre').waitFor({ timeout: 30_000 });
  });

  test('lets a pipeline of this server stage but not publish, and approves what it staged', async () => {
    repository.write({
      '.circleci/config.yml': stageConfig,
      '.npmrc': `registry=${server.url}/\n`,
      'package.json': JSON.stringify({ name: '@acme/widgets', version: '1.2.0', main: 'index.js' }),
      'index.js': 'module.exports = 1;\n',
    }).push('main', 'Stage 1.2.0');
    await go(`/project/${project}`);
    await page.locator('.pipeline', { hasText: 'Stage 1.2.0' }).getByRole('link', { name: 'stage-it' })
      .click({ timeout: 30_000 });
    await page.locator('#status', { hasText: /success|failed/ }).waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('#status').innerText(), 'success', await page.locator('#steps').innerText());
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.1.0');

    await go('/package/@acme/widgets/settings');
    const refused = page.locator('#attempts li', { hasText: 'permission_not_granted' });
    assert.match(await refused.innerText(), /has createStagedPackage, and this needs createPackage/);
    await page.getByRole('link', { name: 'Staged 1' }).click();
    const review = new URL(await page.getByRole('link', { name: 'Review and decide' }).getAttribute('href'), page.url());
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(review.href);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the review is too wide');
    assert.match(await page.locator('main').innerText(), /Behind it\s+alice/);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByLabel('One-time code').fill(await factor.code());
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.waitForURL(/done=published/);
    assert.match(await page.locator('tbody tr').first().innerText(), /1\.2\.0.*trusted publisher.*approved by alice/s);
    assert.equal((await server.request('GET', '/@acme%2fwidgets')).json['dist-tags'].latest, '1.2.0');
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
    const paths = ['/', '/account', '/account/audit', '/org/acme', '/org/acme/people', '/org/acme/contexts',
      '/org/acme/settings', '/staged',
      '/pipelines/acme', '/deploys/acme', `/project/${project}`, `/project/${project}/settings`,
      '/package/@acme/widgets', '/package/@acme/widgets/settings', '/package/@acme/widgets/staged',
      shown.workflow, shown.job, shown.refused];
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
    await tab.goto(server.url + shown.job);
    assert.match(await tab.locator('.log', { hasText: 'the gate is open' }).innerText(), /^green caf/);
    await tab.goto(`${server.url}/org/acme`);
    await tab.getByText('New project').click();
    await tab.getByLabel('Name').fill('no/slash');
    await tab.getByRole('button', { name: 'Create the project' }).click();
    assert.match(await tab.getByRole('alert').innerText(), /project name/);
    assert.equal(await tab.getByLabel('Name').inputValue(), 'no/slash');
    await plain.close();
  });

  test('nothing on any page broke the content security policy', () => {
    assert.deepEqual(violations, []);
  });
});
