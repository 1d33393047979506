// Copy buttons. They are shown to browsers that run this: without it they could do nothing.
document.documentElement.classList.add('scripted');

function select(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-copy]');
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.state = 'Copied';
  } catch {  // not allowed, or not over TLS
    select(button.previousElementSibling);
    button.dataset.state = 'Press Ctrl+C';
  }
  button.textContent = button.dataset.state;
  document.getElementById('said').textContent = button.dataset.state;
  setTimeout(() => { button.textContent = 'Copy'; }, 1600);
});
