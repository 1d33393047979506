// Passkeys. A form that asks for a one-time code asks for a passkey where the code is left empty.
// Without JavaScript, or in a browser without passkeys, such forms go on asking for a code.
const supported = Boolean(window.PublicKeyCredential && navigator.credentials);

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer ?? [])))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const descriptors = (list) => list.map((item) => ({ ...item, id: bytesOf(item.id) }));

const reasons = {
  NotAllowedError: 'No passkey was used: it was cancelled, took too long, or none fits.',
  InvalidStateError: 'This authenticator has a passkey for this account already.',
  NotSupportedError: 'This authenticator cannot make a passkey for this server.',
  SecurityError: 'The browser does not allow passkeys at this address.',
};

/** What the server asks, for the purpose of a form. */
async function optionsFor(form, { confirms, subject = '' }) {
  const fields = { action: confirms, subject, csrf_token: form.elements.csrf_token?.value ?? '' };
  const answer = await fetch('/login/passkey/options', {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(fields),
  });
  const options = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(options.message ?? 'The server refused; reload the page.');
  return {
    ...options,
    challenge: bytesOf(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  };
}

async function use(form, submitter) {
  const publicKey = await optionsFor(form, { ...form.dataset, ...submitter?.dataset });
  const { id, type, response } = await navigator.credentials.get({ publicKey });
  form.elements.passkey.value = JSON.stringify({
    id,
    type,
    response: {
      clientDataJSON: textOf(response.clientDataJSON),
      authenticatorData: textOf(response.authenticatorData),
      signature: textOf(response.signature),
      userHandle: textOf(response.userHandle),
    },
  });
}

async function create(form) {
  const options = JSON.parse(form.dataset.createPasskey);
  const publicKey = {
    ...options,
    challenge: bytesOf(options.challenge),
    user: { ...options.user, id: bytesOf(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
  const { id, type, response } = await navigator.credentials.create({ publicKey });
  form.elements.passkey.value = JSON.stringify({
    id,
    type,
    response: {
      clientDataJSON: textOf(response.clientDataJSON),
      authenticatorData: textOf(response.getAuthenticatorData()),
    },
  });
}

for (const field of supported ? document.querySelectorAll('input[name=passkey]') : []) {
  const { form } = field;
  const code = form.elements.otp;
  const problem = form.querySelector('[data-passkey-problem]');
  form.hidden = false;
  if (code) code.required = false;
  for (const instead of form.querySelectorAll('[data-passkey-instead]')) instead.open = false;
  field.value = '';

  form.addEventListener('submit', async (event) => {
    if (field.value || code?.value.trim()) return;  // answered, or a code instead
    event.preventDefault();
    problem.hidden = true;
    try {
      await (form.dataset.createPasskey ? create(form) : use(form, event.submitter));
      form.requestSubmit(event.submitter);
    } catch (error) {
      problem.textContent = reasons[error.name] ?? error.message;
      problem.hidden = false;
    }
  });
  // Back in the history: an answer counts once.
  addEventListener('pageshow', () => { field.value = ''; });
}
if (!supported) {
  for (const note of document.querySelectorAll('[data-passkey-missing]')) note.hidden = false;
}
