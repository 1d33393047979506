// Says beside the fields of a new trusted publisher what is wrong with what is typed, while it is typed. Without this the
// refusal of the form says it.
const form = document.querySelector('form[data-checked]');
let timer;
let asked = 0;

function say(notes) {
  for (const old of form.querySelectorAll('.typed')) old.remove();
  for (const control of form.querySelectorAll('[data-typed]')) {
    control.removeAttribute('aria-invalid');
    control.removeAttribute('aria-describedby');
  }
  for (const note of notes) {
    const field = form.elements.namedItem(note.dataset.field);
    if (!field?.closest) continue;
    const said = document.createElement('p');
    said.className = note.dataset.problem ? 'note bad typed' : 'note waiting typed';
    said.setAttribute('role', 'status');
    said.id = `typed-${note.dataset.field}`;
    field.setAttribute('aria-describedby', said.id);
    said.textContent = note.textContent;
    field.closest('label').after(said);
    if (note.dataset.problem) field.setAttribute('aria-invalid', 'true');
  }
}

async function check() {
  const mine = ++asked;
  const typed = new URLSearchParams();
  // Neither the code nor the form's token belongs into an address.
  for (const field of form.querySelectorAll('[data-typed]')) typed.set(field.name, field.value);
  typed.set('type', form.elements.namedItem('type').value);
  try {
    const answer = await fetch(`${form.dataset.checked}?${typed}`, { headers: { accept: 'text/html' } });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    say(page.querySelectorAll('#notes > [data-field]'));
  } catch { /* the server is away: the form itself will tell */ }
}

form?.addEventListener('input', (event) => {
  if (!event.target.matches('[data-typed]')) return;
  clearTimeout(timer);
  timer = setTimeout(check, 400);
});
