// Keeps the parts of a page that change by themselves as the server shows them: elements with
// data-part, of the page at data-page. When to look: at events of data-changes, every data-every
// seconds, or when another script says "stale".
const root = document.querySelector('[data-page]');
let busy = false;
let again = false;

/** Puts the focus back to the link that had it, and leaves open what was open. */
function replace(old, fresh) {
  const link = old.contains(document.activeElement) && document.activeElement.getAttribute('href');
  for (const details of old.querySelectorAll('details[id]')) {
    const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (same) same.open = details.open;
  }
  old.replaceWith(fresh);
  if (link) fresh.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus();
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(root.dataset.page, { headers: { accept: 'text/html' } });
    if (answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const status = page.getElementById('status')?.textContent;
      if (status && status !== document.getElementById('status')?.textContent) {
        document.getElementById('said').textContent = status;
      }
      for (const old of document.querySelectorAll('[data-part]')) {
        const fresh = page.querySelector(`[data-part="${old.dataset.part}"]`);
        // What somebody is about to press or to fill in must not move from under them.
        const held = document.activeElement?.form && old.contains(document.activeElement);
        if (fresh && !held && fresh.outerHTML !== old.outerHTML) replace(old, fresh);
      }
      root.dataset.every = page.querySelector('[data-page]')?.dataset.every ?? '';
    }
  } catch { /* the server is away: the next look may find it */ } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

if (root) {
  document.addEventListener('stale', refresh);
  if (root.dataset.changes) {
    const events = new EventSource(root.dataset.changes);
    events.addEventListener('change', refresh);
    events.addEventListener('end', () => { events.close(); refresh(); });
  }
  const look = () => {
    if (root.dataset.every && !document.hidden) refresh();
    setTimeout(look, 1000 * (root.dataset.every || 5));
  };
  if (root.dataset.every) setTimeout(look, 1000 * root.dataset.every);
}
