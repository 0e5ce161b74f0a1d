// The front end: two views, and no token. The browser sends the session cookie with each call by itself.

const view = document.getElementById('view');

/** Calls the API. If nobody is signed in, leaves for the sign-in, which comes back to this address. */
async function api(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 401) {
    const here = location.pathname + location.search + location.hash;
    location.assign('/login?return_to=' + encodeURIComponent(here));
    return new Promise(() => {}); // the page is being left
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.title ?? `the server answered ${answer.status}`);
  }
  return answer.json();
}

/** Whoever is signed in, or null. Asks without starting a sign-in. */
async function user() {
  const answer = await fetch('/api/me');
  return answer.ok ? answer.json() : null;
}

async function home() {
  const me = await user();
  if (me) {
    show(element('h1', { id: 'signed-in' }, me.claims.names ? `Hello, ${me.claims.names.full_name}` : 'Hello'), actions(
      element('a', { class: 'button', id: 'notes', href: '/notes' }, 'Your notes'),
      element('button', { class: 'quiet', id: 'sign-out', onclick: signOut }, 'Sign out'),
    ));
    signOutAt(me.session_ends);
  } else {
    show(
      element('h1', {}, 'Notes'),
      element('p', {}, 'This page is one file of HTML and a script. It never sees a token.'),
      actions(element('a', { class: 'button', id: 'notes', href: '/notes' }, 'Open your notes')),
    );
  }
}

async function notes() {
  const [me, list] = await Promise.all([api('/api/me'), api('/api/notes')]);
  const text = element('input', { id: 'text', name: 'text', maxlength: 200, required: '', 'aria-label': 'A note' });
  const add = async event => {
    event.preventDefault();
    const note = { text: text.value };
    const headers = { 'content-type': 'application/json' };
    await api('/api/notes', { method: 'POST', headers, body: JSON.stringify(note) });
    await notes();
  };
  const items = list.map((note, index) => element('li', { id: `note-${index + 1}` }, note.text));
  show(
    element('h1', { id: 'signed-in' }, 'Your notes'),
    element('ul', { id: 'list' }, ...items),
    element('form', { class: 'actions', onsubmit: failing(add) }, text, element('button', { id: 'add' }, 'Add')),
    actions(
      element('button', { class: 'quiet', id: 'sign-out', onclick: signOut }, 'Sign out'),
      element('a', { class: 'button quiet', id: 'home', href: '/' }, 'Home'),
    ),
  );
  signOutAt(me.session_ends);
}

/** The layer's own path. It tells a script where to go next. */
async function signOut() {
  const answer = await fetch('/logout', { method: 'POST' });
  // On any error go home: the page shows whether you are still signed in.
  location.assign(answer.ok ? (await answer.json()).location : '/');
}

/** Draws the page anew when the session has ended, so that nothing private stays on the screen. */
function signOutAt(seconds) {
  const rest = seconds * 1000 - Date.now();
  // A longer time would overflow `setTimeout`.
  if (seconds !== null && rest < 2 ** 31) setTimeout(draw, rest);
}

function show(...content) {
  view.replaceChildren(...content);
}

function actions(...content) {
  return element('div', { class: 'actions' }, ...content);
}

/** Text is added as text: no answer of the API becomes HTML. */
function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...content);
  return made;
}

function failing(action) {
  return event => action(event).catch(error => {
    show(element('h1', {}, 'Something went wrong'), element('p', { id: 'error' }, error.message), actions(
      element('a', { class: 'button', id: 'home', href: '/' }, 'Home'),
    ));
  });
}

const draw = failing(() => (location.pathname === '/notes' ? notes() : home()));

// The Back button shows a page as it was, from the browser's memory, also after a sign-out: it is loaded anew.
addEventListener('pageshow', event => event.persisted && location.reload());
draw();
