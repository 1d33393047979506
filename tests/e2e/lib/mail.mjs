// A mail server on loopback that keeps what it gets, and misbehaves when it is told to.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

/** The parts of a message that a reader sees. */
function parse(raw) {
  const [head, ...rest] = raw.split('\r\n\r\n');
  const headers = new Map(head.replaceAll(/\r\n /g, ' ').split('\r\n')
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]));
  const bytes = rest.join('\r\n\r\n').replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  const subject = headers.get('subject').replaceAll(/=\?utf-8\?B\?([^?]*)\?=( (?==\?))?/g,
    (_, word) => Buffer.from(word, 'base64').toString('latin1'));
  const utf8 = (text) => Buffer.from(text, 'latin1').toString('utf8');
  return { headers, subject: utf8(subject), body: utf8(bytes) };
}

export class MailServer {
  /** Options: user and password (AUTH is wanted), tls (STARTTLS is offered, or 'at once'). */
  static async start({ user, password, tls, port = 0 } = {}) {
    const server = new MailServer();
    server.messages = [];
    server.place = mkdtempSync(join(tmpdir(), 'imprimatur-mail-'));
    server.ca = join(server.place, 'cert.pem');
    const key = join(server.place, 'key.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', server.ca], { stdio: 'ignore' });
    /** What it does instead of taking a message: by address, or for everybody. Functions of tests. */
    server.onRecipient = () => undefined;
    server.onMessage = () => undefined;
    server.smtp = new SMTPServer({
      secure: tls === 'at once',
      key: readFileSync(key), cert: readFileSync(server.ca),
      disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
      authOptional: !user,
      allowInsecureAuth: true,
      logger: false,
      closeTimeout: 200,
      onAuth(auth, session, done) {
        const right = auth.username === user && auth.password === password;
        done(right ? null : refusal(535, `not ${auth.password}`), right ? { user } : undefined);
      },
      onRcptTo(address, session, done) {
        Promise.resolve(server.onRecipient(address.address, session)).then((refused) => done(refused ?? null));
      },
      onData(stream, session, done) {
        let raw = '';
        stream.setEncoding('latin1');
        stream.on('data', (chunk) => { raw += chunk; });
        stream.on('end', async () => {
          const message = { from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((one) => one.address),
            secure: session.secure, user: session.user, raw, ...parse(raw) };
          const refused = await server.onMessage(message, session);
          if (refused !== undefined) { if (refused) done(refused); return; }
          server.messages.push(message);
          done();
        });
      },
    });
    server.smtp.on('error', () => {});
    await new Promise((resolve) => server.smtp.listen(port, '127.0.0.1', resolve));
    server.port = server.smtp.server.address().port;
    return server;
  }

  static refusal = refusal;

  /** The first message that fits and was not taken yet. */
  async next(fits = () => true, seconds = 15) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
      const at = this.messages.findIndex(fits);
      if (at >= 0) return this.messages.splice(at, 1)[0];
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no such message among ${JSON.stringify(this.messages.map((one) => [one.to, one.subject]))}`);
  }

  async dispose() {
    await new Promise((resolve) => this.smtp.close(resolve));
    rmSync(this.place, { recursive: true, force: true });
  }
}
