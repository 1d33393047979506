// Messages to people, by a real SMTP server: delivered with STARTTLS and a password, refused, late, and
// once more after a kill.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { MailServer } from './lib/mail.mjs';
import { Server, binary } from './lib/server.mjs';

const secret = 'correct horse = battery';

/** A registry that sends through a mail server. */
async function registry(mail, more = '') {
  const settings = `mail.server: smtp://localhost:${mail.port}\nmail.from: registry@example.org\n${more}`;
  return Server.start({ settings });
}

const letters = (server, ...more) => server.command(['mail', 'list', ...more]).split('\n').filter(Boolean)
  .map((line) => JSON.parse(line));
/** Waits for the outbox to be as it should be. */
async function eventually(server, fits) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (fits(letters(server))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(JSON.stringify(letters(server), null, 1));
}
const makeToken = (server, name) => server.command(['token', 'create', '--user', name]);
/** `imprimatur mail test`; the mail server of this process answers meanwhile. */
const tryMail = (address, ...where) => new Promise((resolve) => {
  const child = spawn(binary, ['mail', 'test', address, ...where]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; });
  child.once('close', (status) => resolve({ status, stdout, stderr }));
});

describe('with STARTTLS and a password', () => {
  let mail, server;
  before(async () => {
    mail = await MailServer.start({ user: 'registry', password: secret, tls: true });
    server = await Server.start();
    await server.stop();
    const password = join(server.data, 'mail-password');
    writeFileSync(password, `${secret}\n`, { mode: 0o600 });
    writeFileSync(join(server.data, 'imprimatur.yaml'), `
mail:
  server: smtp://localhost:${mail.port}
  from: registry@example.org
  username: registry
  password_file: ${password}
  tls: required
  ca_file: ${mail.ca}
`);
    await server.launch();
  });
  after(async () => { await server.dispose(); await mail.dispose(); });

  test('a person hears of a token that was made for them', async () => {
    const token = server.addUser('ann');
    const message = await mail.next();
    assert.deepEqual(message.to, ['ann@example.org']);
    assert.equal(message.from, 'registry@example.org');
    assert.equal(message.secure, true);
    assert.equal(message.user, 'registry');
    assert.match(message.subject, /^\[localhost:\d+\] Access token made for the account ann$/);
    assert.match(message.body, /by: +the operator of the registry/);
    assert.match(message.body, new RegExp(`${server.url}/account`));
    assert.equal(message.headers.get('auto-submitted'), 'auto-generated');
    assert.match(message.headers.get('message-id'), /^<[0-9a-f-]{36}@example\.org>$/);
    assert.ok(!message.raw.includes(token));
    assert.ok(!Number.isNaN(Date.parse(message.headers.get('date'))));
    await eventually(server, (all) => all.length === 1 && all[0].state === 'delivered');
  });

  test('a test message says what the server answers', async () => {
    const { status, stdout } = await tryMail('ops@example.org', '--data', server.data);
    assert.equal(status, 0);
    assert.match(stdout, /^delivered to ops@example\.org: 250 /);
    assert.equal(mail.messages.splice(0)[0].subject, 'A test of mail');
    const bad = await tryMail('ops@example.org>\r\nRCPT TO:<eve@example.org', '--data', server.data);
    assert.equal(bad.status, 1);
    assert.match(bad.stderr, /cannot be sent to/);
    assert.equal(mail.messages.length, 0);
  });

  test('a wrong password and a certificate of somebody else are failures that name no password', async () => {
    const settings = join(server.data, 'other.yaml');
    const tryWith = (lines) => {
      writeFileSync(settings, `data: ${server.data}\nmail.server: smtp://localhost:${mail.port}\n` +
        `mail.from: registry@example.org\nmail.tls: required\n${lines}`);
      return tryMail('ops@example.org', '--config', settings);
    };
    writeFileSync(join(server.data, 'wrong'), 'a wrong word');
    const denied = await tryWith(`mail.username: registry\nmail.password_file: ${server.data}/wrong\nmail.ca_file: ${mail.ca}\n`);
    assert.equal(denied.status, 1);
    assert.match(denied.stderr, /refuses the user name or the password \(535\)/);
    // The server repeats it; nobody else does.
    assert.ok(!denied.stderr.includes('a wrong word'));
    const foreign = await tryWith('');
    assert.equal(foreign.status, 1);
    assert.match(foreign.stderr, /certificate/i);
    assert.equal(mail.messages.length, 0);
  });

  test('no password is in the log, in the database or in the audit log', () => {
    assert.ok(!server.log.includes(secret));
    assert.ok(!server.command(['audit', 'export']).includes(secret));
    const dump = execFileSync('sqlite3', [join(server.data, 'imprimatur.db'), '.dump'], { encoding: 'utf8' });
    assert.ok(!dump.includes(secret));
  });
});

test('TLS is insisted on unless the server is this machine', async () => {
  const mail = await MailServer.start();
  const server = await registry(mail, 'mail.tls: required\n');
  try {
    const { status, stderr } = await tryMail('ops@example.org', '--data', server.data);
    assert.equal(status, 1);
    assert.match(stderr, /STARTTLS/);
    assert.equal(mail.messages.length, 0);
  } finally {
    await server.dispose();
    await mail.dispose();
  }
});

test('TLS at once works, too', async () => {
  const mail = await MailServer.start({ tls: 'at once' });
  const server = await Server.start({
    settings: `mail.server: smtps://localhost:${mail.port}\nmail.from: registry@example.org\nmail.ca_file: ${mail.ca}\n`,
  });
  try {
    assert.equal((await tryMail('ops@example.org', '--data', server.data)).status, 0);
    assert.equal(mail.messages[0].secure, true);
  } finally {
    await server.dispose();
    await mail.dispose();
  }
});

describe('a server that misbehaves', () => {
  let mail, server;
  before(async () => {
    mail = await MailServer.start();
    server = await registry(mail);
    for (const name of ['ann', 'bob']) server.addUser(name);
    await mail.next((one) => one.to[0] === 'ann@example.org');
    await mail.next((one) => one.to[0] === 'bob@example.org');
  });
  afterEach(() => { mail.onRecipient = () => undefined; mail.onMessage = () => undefined; });
  after(async () => { await server.dispose(); await mail.dispose(); });

  test('4xx is tried again after seconds, 5xx never, and neither delays others', async () => {
    let tries = 0;
    mail.onRecipient = (address) => {
      if (address === 'ann@example.org' && ++tries === 1) return MailServer.refusal(451, 'try again later');
      return undefined;
    };
    makeToken(server, 'ann');
    makeToken(server, 'bob');
    await mail.next((one) => one.to[0] === 'bob@example.org');
    await mail.next((one) => one.to[0] === 'ann@example.org');
    assert.equal(tries, 2);
    mail.onRecipient = () => MailServer.refusal(550, 'no such user\x1b[31m');
    makeToken(server, 'ann');
    await eventually(server, ([last]) => last.state === 'failed' && last.attempts === 1);
    const [given_up] = letters(server, '--state', 'failed');
    assert.match(given_up.answer, /^550 no such user/);
    assert.ok(!given_up.answer.includes('\x1b'));
    mail.onRecipient = () => undefined;
    server.command(['mail', 'retry', given_up.id]);
    await mail.next((one) => one.headers.get('message-id').startsWith(`<${given_up.id}@`));
    assert.match(server.command(['mail', 'retry', '--failed']), /^0 messages are sent again$/);
    assert.match(server.command(['audit', 'export']), /"action":"mail.retry"/);
  });

  test('a connection that breaks off after the message is a message that comes again', async () => {
    const had = [];
    mail.onMessage = (message, session) => {
      had.push(message.headers.get('message-id'));
      if (had.length > 1) return undefined;
      for (const connection of mail.smtp.connections) if (connection.session === session) connection._socket.destroy();
      return null;
    };
    makeToken(server, 'ann');
    const message = await mail.next();
    assert.deepEqual(had, [message.headers.get('message-id'), message.headers.get('message-id')]);
    await eventually(server, ([last]) => last.state === 'delivered' && last.attempts === 2);
  });

  test('a server that is slow does not keep the registry from stopping', async () => {
    let arrived;
    const inside = new Promise((resolve) => { arrived = resolve; });
    mail.onMessage = () => { arrived(); return null; };  // no answer at all
    makeToken(server, 'ann');
    await inside;
    const begin = Date.now();
    const { code } = await server.stop();
    assert.equal(code, 0);
    assert.ok(Date.now() - begin < 10_000);
    // It was not answered, so it comes again.
    mail.onMessage = () => undefined;
    await server.launch();
    await mail.next((one) => one.to[0] === 'ann@example.org');
  });

  test('killed between the delivery and its mark, it is sent again under its id', async () => {
    const had = [];
    mail.onMessage = async (message) => {
      had.push(message.headers.get('message-id'));
      if (had.length === 1) { server.kill(); return null; }
      return undefined;
    };
    makeToken(server, 'bob');
    await server.exited;
    await server.launch();
    await mail.next((one) => one.to[0] === 'bob@example.org');
    assert.equal(had[0], had[1]);
  });

  test('while it is away nothing is lost', async () => {
    const { port } = mail;
    await mail.dispose();
    makeToken(server, 'ann');
    // The log comes through a pipe, so it may be read later than the outbox.
    await eventually(server, ([last]) => last.state === 'pending' && last.attempts > 0 &&
      server.log.includes('mail server failed'));
    mail = await MailServer.start({ port });
    await mail.next((one) => one.to[0] === 'ann@example.org');
  });
});

test('who governs a scope hears that an operator froze it, from a command beside the server', async () => {
  const mail = await MailServer.start();
  const server = await registry(mail);
  try {
    const token = server.addUser('ann');
    await mail.next((one) => one.subject.includes('Access token'));
    const made = await server.request('POST', '/api/v2/organization', { token, body: { name: 'acme' } });
    assert.equal(made.status, 201, made.text);
    server.command(['freeze', 'add', '@acme', '--reason', 'Ein gestohlener Schlüssel. Bcc: eve@example.org']);
    const message = await mail.next();
    assert.deepEqual(message.to, ['ann@example.org']);
    assert.match(message.subject, /The scope @acme is frozen$/);
    assert.match(message.body, /Ein gestohlener Schlüssel\. Bcc: eve@example\.org/);
    assert.match(message.body, new RegExp(`${server.url}/org/acme/publishers`));
  } finally {
    await server.dispose();
    await mail.dispose();
  }
});

describe('without a mail server', () => {
  test('nothing is queued, and the command says why', async () => {
    const server = await Server.start();
    try {
      server.addUser('ann');
      assert.deepEqual(letters(server), []);
      const { status, stderr } = await tryMail('ops@example.org', '--data', server.data);
      assert.equal(status, 1);
      assert.match(stderr, /mail\.server is empty/);
    } finally {
      await server.dispose();
    }
  });

  test('settings that cannot be meant stop the start', async () => {
    for (const [settings, reason] of [
      ['mail.from: registry@example.org', /mail\.server is missing/],
      ['mail.server: smtp://localhost', /mail\.from/],
      ['mail.server: http://localhost\nmail.from: a@example.org', /mail\.server must be smtp/],
      ['mail.server: smtp://mail.example.org\nmail.from: a@example.org\nmail.username: u', /go together/],
      ['mail.server: smtp://mail.example.org\nmail.from: a@example.org\nmail.username: u\nmail.password_file: /nowhere',
        /cannot be read/],
    ]) {
      await assert.rejects(Server.start({ settings: `${settings}\n` }), reason);
    }
  });
});
