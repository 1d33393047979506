// RFC 6238 with the defaults of authenticator apps: SHA-1, 30 seconds, six digits.
import { createHmac } from 'node:crypto';

function fromBase32(text) {
  let bits = '';
  for (const c of text.replace(/=+$/, '').toUpperCase()) {
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  }
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

export function totp(secret, at = Date.now()) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = mac.at(-1) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1000000).padStart(6, '0');
}

/** Gives a code that the server will take. Codes of the authenticator count once each, which means
 *  waiting for the next half minute; recovery codes are good for the same purpose and ready at once. */
export class SecondFactor {
  constructor(url) {
    this.secret = new URL(url).searchParams.get('secret');
    this.used = 0;
    this.recovery = [];
  }

  async code() {
    return this.recovery.shift() ?? this.totpCode();
  }

  async totpCode() {
    for (;;) {
      const step = Math.max(Math.floor(Date.now() / 30000), this.used + 1);
      if (step <= Math.floor(Date.now() / 30000) + 1) {
        this.used = step;
        return totp(this.secret, step * 30000);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** Enables TOTP the way `npm profile enable-2fa` does. */
export async function enableTotp(server, token, password) {
  const post = async (body) => {
    const answer = await server.request('POST', '/-/npm/v1/user', { token, body });
    if (answer.status !== 200) throw new Error(`enable-2fa: ${answer.status} ${answer.text}`);
    return answer.json.tfa;
  };
  const factor = new SecondFactor(await post({ tfa: { mode: 'auth-and-writes', password } }));
  factor.recovery = await post({ tfa: [await factor.totpCode()] });
  return factor;
}
