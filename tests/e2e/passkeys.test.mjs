// Passkeys with a real browser and its virtual authenticator, and with npm's web flow.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Issuer, newJob } from './lib/issuer.mjs';
import { Workspace, current, npm11 } from './lib/npm.mjs';
import { plugIn } from './lib/passkey.mjs';
import { Server, binary } from './lib/server.mjs';

const executablePath = process.env.E2E_CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const password = "alice's long password";

describe('passkeys', () => {
  let issuer, server, browser, context, page, key, token, person, ci, job, recovery;
  const violations = [];
  const go = (path) => page.goto(server.url + path);
  const staged = async () => (await server.request('GET', '/-/stage?page=0&perPage=100', { token })).json.items;
  const stage = async (version) => {
    ci.manifest({ name: '@alice/lib', version });
    const done = await ci.npm(npm11, ['stage', 'publish'], { env: { CIRCLECI: 'true', NPM_ID_TOKEN: issuer.token(job) } });
    assert.equal(done.code, 0, `${done.output}\n${server.log}`);
    return (await staged())[0].id;
  };
  /** Goes to the page where the one release that waits is decided. */
  const review = async () => {
    await go('/package/@alice/lib/staged');
    await page.getByRole('link', { name: 'Review and decide' }).click();
    await page.waitForURL(/\/staged\/[0-9a-f-]{36}$/);
  };
  const latest = async () => (await server.request('GET', '/@alice%2flib')).json['dist-tags'].latest;
  /** What a person does at the address that npm shows. */
  const confirm = async (address) => {
    await page.goto(address);
    await page.getByRole('button', { name: /Confirm|Yes, sign it in/ }).click();
    await page.getByText('Go back to your command line').waitFor();
  };
  const signOut = () => page.getByRole('button', { name: 'Sign out' }).first().click();

  before(async () => {
    issuer = await Issuer.start();
    server = await Server.start({ settings: `trust:\n  circleci_issuer: ${issuer.base}\n  private_addresses: true\n` });
    token = server.addUser('alice', { admin: true, password });
    browser = await chromium.launch({ executablePath, headless: true, args });
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    page.on('pageerror', (error) => violations.push(error.message));
    key = await plugIn(page);
    person = new Workspace(server, { token, manifest: { name: '@alice/lib', version: '1.0.0' } });
    ci = new Workspace(server);
    job = newJob();
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
    await issuer?.stop();
  });

  test('adds the first one, and gets recovery codes', async () => {
    await go('/login?next=/account');
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/account`);
    await page.locator('#passkeys').getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name').fill('laptop');
    await page.getByRole('button', { name: 'Create the passkey' }).click();
    await page.getByText('shown this once').waitFor();
    recovery = await page.locator('.codes code').allInnerTexts();
    assert.equal(recovery.length, 5);
    const [credential] = await key.credentials();
    assert.equal(credential.rpId, 'localhost');
    assert.equal(credential.isResidentCredential, true);
    await go('/account');
    assert.match(await page.locator('#passkeys tbody').innerText(), /laptop.*never/s);
  });

  test('signs in with the password and then the passkey', async () => {
    await signOut();
    await go('/login?next=/account');
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/login\/code/);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${server.url}/account`);
  });

  test('signs in with the passkey alone', async () => {
    await signOut();
    await go('/login?next=/account');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(`${server.url}/account`);
    assert.doesNotMatch(await page.locator('#passkeys tbody').innerText(), /never/);  // used
  });

  test('not when the authenticator does not recognise the person', async () => {
    await signOut();
    await key.recognises(false);
    await go('/login');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('alert').filter({ hasText: 'No passkey was used' }).waitFor();
    await key.recognises(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('link', { name: 'alice' }).waitFor();
  });

  test('npm sees a second factor, and the classic challenge says that there is no code', async () => {
    const profile = await server.request('GET', '/-/npm/v1/user', { token });
    assert.deepEqual(profile.json.tfa, { pending: false, mode: 'auth-and-writes' });
    const shown = await person.npm(npm11, ['profile', 'get']);
    assert.match(shown.stdout, /two-factor auth:?\s*auth-and-writes/i);
    const classic = await server.request('POST', '/-/npm/v1/user', { token, body: { email: 'alice@example.net' } });
    assert.equal(classic.status, 401);
    assert.equal(classic.headers.get('www-authenticate'), 'OTP');
    assert.match(classic.json.message, /--auth-type=web/);
  });

  test('a recovery code still works on the command line', async () => {
    const published = await person.npm(npm11, ['publish', '--access', 'public', `--otp=${recovery.shift()}`]);
    assert.equal(published.code, 0, published.output);
  });

  test('npm trust is confirmed in the browser', async () => {
    const trusted = await person.npmAtTerminal(npm11, ['trust', 'circleci', '@alice/lib', '--org-id', job.organization,
      '--project-id', job.project, '--pipeline-definition-id', job.definition, '--vcs-origin', job.origin,
      '--allow-stage-publish', '--yes'], confirm);
    assert.equal(trusted.code, 0, `${trusted.output}\n${server.log}`);
    const listed = await person.npmAtTerminal(npm11, ['trust', 'list', '@alice/lib'], confirm);
    assert.match(listed.output, new RegExp(job.project));
  });

  test('imprimatur trust is confirmed in the browser', async () => {
    const run = (...words) => new Promise((resolve, reject) => {
      const child = spawn(binary, ['trust', ...words, '--registry', server.url],
        { env: { PATH: process.env.PATH, HOME: person.home, IMPRIMATUR_TOKEN: token, npm_config_auth_type: 'web' } });
      let stdout = '', stderr = '', opened = false;
      child.stdout.on('data', (chunk) => { stdout += chunk; });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
        const shown = stderr.match(/http:\/\/localhost:\d+\/login\/cli\/[\w-]{43}/);
        if (!shown || opened) return;
        opened = true;
        confirm(shown[0]).catch((error) => { child.kill(); reject(error); });
      });
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
    const listed = await run('list', '@alice/lib', '--json');
    assert.equal(listed.code, 0, listed.stderr);
    assert.equal(JSON.parse(listed.stdout)[0].claims['oidc.circleci.com/project-id'], job.project);
    const kept = await run('keep', '@alice/lib', JSON.parse(listed.stdout)[0].id);
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(kept.stdout, /^kept /);
  });

  for (const [number, client] of current.entries()) {
    test(`npm stage approve is confirmed in the browser, with ${client.name}`, async () => {
      const id = await stage(`2.${number}.0`);
      const approved = await person.npmAtTerminal(client, ['stage', 'approve', id], confirm);
      assert.equal(approved.code, 0, `${approved.output}\n${server.log}`);
      assert.equal(await latest(), `2.${number}.0`);
    });

    test(`npm login ends in the browser, with ${client.name}`, async () => {
      const fresh = new Workspace(server);
      await signOut();
      const done = await fresh.npmAtTerminal(client, ['login'], async (address) => {
        await page.goto(address);
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
        await page.waitForURL(address);
        await confirm(address);
      });
      assert.equal(done.code, 0, `${done.output}\n${server.log}`);
      assert.equal((await fresh.npm(client, ['whoami'])).stdout.trim(), 'alice');
    });
  }

  test('approves and rejects a staged release on its page', async () => {
    await stage('3.0.0');
    await review();
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.waitForURL(/done=rejected/);
    assert.deepEqual(await staged(), []);
    await stage('3.0.0');
    await review();
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.waitForURL(/done=published/);
    assert.equal(await latest(), '3.0.0');
  });

  test('an answer for one release approves no other, and none twice', async () => {
    const first = await stage('3.1.0');
    await review();
    // The form, its challenge asked for the wrong purpose: what a page under an attacker's hand could do at most.
    const form = page.locator('form[data-confirms="stage.approve"]');
    await form.evaluate((element) => { element.dataset.subject = 'another-release'; });
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.getByRole('alert').filter({ hasText: 'confirm something else' }).waitFor();
    assert.equal((await staged())[0].id, first);
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith(first));
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    const body = (await sent).postData();
    await page.waitForURL(/done=published/);
    assert.match(body, /passkey=%7B/);
    const second = await stage('3.2.0');
    await review();
    const replayed = new URLSearchParams(body);
    replayed.set('csrf_token', await page.locator('input[name=csrf_token]').first().inputValue());
    const refused = await page.request.post(page.url(), { form: Object.fromEntries(replayed) });
    assert.equal(refused.status(), 401);
    assert.equal((await staged())[0].id, second);
  });

  test('a copy that counts backwards is refused', async () => {
    const { signCount } = (await key.credentials())[0];
    await key.count(0);
    await review();
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.getByRole('alert').filter({ hasText: 'counted backwards' }).waitFor();
    assert.equal(await latest(), '3.1.0');
    await key.count(signCount);
    await page.getByRole('button', { name: 'Approve and publish' }).click();
    await page.waitForURL(/done=published/);
  });

  test('without JavaScript a recovery code does', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
    const tab = await plain.newPage();
    await stage('3.3.0');
    await tab.goto(`${server.url}/package/@alice/lib/staged/${(await staged())[0].id}`);
    await tab.locator('form[data-confirms="stage.approve"]').getByLabel('Recovery code').fill(recovery.shift());
    await tab.getByRole('button', { name: 'Approve and publish' }).click();
    await tab.waitForURL(/done=published/);
    await tab.goto(`${server.url}/login`);
    assert.equal(await tab.locator('form[action="/login/passkey"]:visible').count(), 0);
    await plain.close();
  });

  test('fits a phone, and every control has a name', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    for (const path of ['/account', '/package/@alice/lib/settings']) {
      await go(path);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is too wide`);
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
          .filter((control) => !control.labels?.length && !control.textContent.trim() && !control.ariaLabel)
          .map((control) => control.outerHTML));
      assert.deepEqual(nameless, [], path);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('removes it, and the second factor with it', async () => {
    await go('/account');
    await page.locator('#passkeys').getByText('Remove', { exact: true }).first().click();
    await page.locator('#passkeys tbody').getByLabel('Password').fill(password);
    await page.locator('#passkeys tbody').getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL(/done=removed/);
    assert.equal((await server.request('GET', '/-/npm/v1/user', { token })).json.tfa, null);
  });

  test('nothing on any page broke the content security policy', () => {
    assert.deepEqual(violations, []);
  });
});
