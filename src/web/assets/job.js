// Live output: adds what the server sends to the steps of the page, and follows it.
const steps = document.getElementById('steps');

const element = (name, properties) => Object.assign(document.createElement(name), properties);

function stepOf(number) {
  let step = steps.querySelector(`[data-step="${number}"]`);
  if (!step) {
    document.getElementById('no-steps')?.remove();
    step = element('details', { className: 'step', open: true });
    step.dataset.step = number;
    const summary = element('summary');
    summary.append(element('span', { className: 'pill' }), element('span', { className: 'title' }),
      element('span', { className: 'quiet detail' }));
    step.append(summary, element('pre', { className: 'log', tabIndex: 0 }));
    steps.append(step);
  }
  return step;
}

/** Takes away what stands after the last line feed. */
function clearLine(log) {
  while (log.lastChild) {
    const end = log.lastChild.textContent.lastIndexOf('\n');
    if (end >= 0) {
      log.lastChild.textContent = log.lastChild.textContent.slice(0, end + 1);
      return;
    }
    log.lastChild.remove();
  }
}

function write(log, runs) {
  for (const [style, text, restart] of runs) {
    if (restart) clearLine(log);
    log.append(style ? element('span', { className: style, textContent: text }) : text);
  }
}

/** Does something that makes the page longer; whoever reads its end goes on reading its end. */
function following(log, work) {
  const inLog = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const onPage = innerHeight + scrollY >= document.documentElement.scrollHeight - 48;
  work();
  if (inLog) log.scrollTop = log.scrollHeight;
  if (onPage) scrollTo(0, document.documentElement.scrollHeight);
}

function append({ step, runs }) {
  const log = stepOf(step).querySelector('.log');
  following(log, () => write(log, runs));
}

function update({ step: number, name, outcome, tone, detail }) {
  const step = stepOf(number);
  const pill = step.querySelector('.pill');
  pill.className = `pill ${tone}`;
  pill.textContent = outcome;
  step.querySelector('.title').textContent = name;
  step.querySelector('.detail').textContent = detail;
}

const stale = () => document.dispatchEvent(new Event('stale'));

if (steps?.dataset.events) {
  for (const log of steps.querySelectorAll('.log')) log.scrollTop = log.scrollHeight;
  const events = new EventSource(steps.dataset.events);
  events.addEventListener('output', (event) => append(JSON.parse(event.data)));
  events.addEventListener('step', (event) => update(JSON.parse(event.data)));
  events.addEventListener('status', stale);
  events.addEventListener('end', () => { events.close(); stale(); });
}
