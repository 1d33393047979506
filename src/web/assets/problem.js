// Says what went wrong beside the field that it is about, and goes there. Without this it stands at
// the top of the page.
const problem = document.getElementById('problem');
const apart = JSON.parse(problem.dataset.apart || '{}');

/** Whether this is the form that was sent: by its address, and by what tells it from its like. */
function wasSent(form) {
  if (form.method !== 'post' || new URL(form.action).pathname !== problem.dataset.form) return false;
  return [...form.elements].every((control) =>
    control.type !== 'hidden' || !(control.name in apart) || control.value === apart[control.name]);
}

function fieldOf(form) {
  for (const name of problem.dataset.field.split(' ')) {
    const found = name && form.elements.namedItem(name);
    // Checkboxes of one name are a list.
    if (found) return found instanceof RadioNodeList ? found[0] : found;
  }
  return null;
}

function show(form) {
  for (let outer = form.closest('details'); outer; outer = outer.parentElement.closest('details')) {
    outer.open = true;
  }
  const field = fieldOf(form);
  if (!field) {
    form.prepend(problem);
    form.scrollIntoView({ block: 'center' });
    return;
  }
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', problem.id);
  const place = field.closest('fieldset') ?? field.closest('label');
  if (place.matches('fieldset')) place.append(problem);
  // Not into the label: its text would become the field's name.
  else place.after(problem);
  problem.classList.add('beside');
  field.focus();
}

const form = [...document.forms].find(wasSent);
if (form) show(form);
