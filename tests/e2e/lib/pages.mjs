// The web pages without a browser: forms as a browser would send them.
export class Pages {
  constructor(server) {
    this.server = server;
    this.cookie = '';
  }

  async send(method, path, fields) {
    const response = await fetch(this.server.url + path, {
      method,
      redirect: 'manual',
      headers: { cookie: this.cookie },
      body: fields && new URLSearchParams(fields),
    });
    const cookie = response.headers.get('set-cookie');
    if (cookie) this.cookie = cookie.split(';')[0];
    return { status: response.status, text: await response.text() };
  }

  async signIn(name, password, otp) {
    await this.send('POST', '/login', { name, password });
    if (otp) await this.submit('/login/code', { otp });
  }

  /** Opens a page and sends its form with these fields. */
  async submit(path, fields) {
    const page = await this.send('GET', path);
    const csrf = page.text.match(/name="csrf_token" value="([^"]+)"/)?.[1];
    const answer = await this.send('POST', path, { ...(csrf ? { csrf_token: csrf } : {}), ...fields });
    if (answer.status !== 303) throw new Error(`POST ${path}: ${answer.status}\n${answer.text}`);
  }
}
