// Live output: appends what the server sends to the steps of the page.
const steps = document.getElementById('steps');
const tones = { success: 'good', running: 'busy', failed: 'bad', timedout: 'bad' };
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
const decoders = new Map();

function stepOf(number) {
  let step = steps.querySelector(`[data-step="${number}"]`);
  if (!step) {
    document.getElementById('no-steps')?.remove();
    step = document.createElement('details');
    step.className = 'step';
    step.dataset.step = number;
    step.open = true;
    const summary = document.createElement('summary');
    summary.append(Object.assign(document.createElement('span'), { className: 'pill' }), ' ',
      document.createElement('span'));
    const log = Object.assign(document.createElement('pre'), { className: 'log', tabIndex: 0 });
    step.append(summary, log);
    steps.append(step);
  }
  return step;
}

function append({ step, bytes }) {
  if (!decoders.has(step)) decoders.set(step, new TextDecoder());
  const raw = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
  const text = decoders.get(step).decode(raw, { stream: true });
  const log = stepOf(step).querySelector('.log');
  const follows = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.append(text.replace(escapes, '').replace(/\r\n?/g, '\n'));
  if (follows) log.scrollTop = log.scrollHeight;
}

function update({ step, name, outcome }) {
  const [pill, , title] = stepOf(step).querySelector('summary').childNodes;
  pill.className = `pill ${tones[outcome] ?? ''}`;
  pill.textContent = outcome;
  title.textContent = name;
}

if (steps?.dataset.events) {
  const events = new EventSource(steps.dataset.events);
  events.addEventListener('output', (event) => append(JSON.parse(event.data)));
  events.addEventListener('step', (event) => update(JSON.parse(event.data)));
  events.addEventListener('end', () => { events.close(); location.reload(); });
}
