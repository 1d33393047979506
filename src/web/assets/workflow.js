// Keeps the page of a workflow that runs up to date.
const jobs = document.querySelector('[data-live]');
const address = jobs?.dataset.live;

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const selector of ['#status', '[data-live]', '.actions']) {
    const fresh = page.querySelector(selector);
    const old = document.querySelector(selector);
    // What somebody is about to press must not move from under them.
    if (fresh && old && !old.contains(document.activeElement)) old.replaceWith(fresh);
  }
}

if (address) {
  const events = new EventSource(address);
  events.addEventListener('change', refresh);
  events.addEventListener('end', () => { events.close(); location.reload(); });
}
