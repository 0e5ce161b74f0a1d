// The chat's side in the browser. The handshake carries the session cookie by itself.

/** The server's close code for a socket whose session has ended. */
const SESSION_ENDED = 4401;

const [view, state, messages, say, text, send, ended] = ['view', 'connecting', 'messages', 'say', 'text', 'send', 'ended']
  .map(id => document.getElementById(id));

let socket;

function connect() {
  socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/chat/socket');
  socket.onopen = () => show('Connected', true);
  socket.onmessage = event => add(JSON.parse(event.data));
  socket.onclose = event => (event.code === SESSION_ENDED ? signedOut() : lost());
}

/** The connection broke or was refused. The browser does not tell which, so this asks who is signed in. */
async function lost() {
  show('Connecting again…', false);
  const answer = await fetch('/chat/me').catch(() => null);
  if (answer?.status === 401) signedOut();
  else setTimeout(connect, 2000);
}

/** Also removes the messages: nothing private stays on the screen. */
function signedOut() {
  view.replaceChildren(ended.content);
}

function show(text, isOpen) {
  state.id = isOpen ? 'connected' : 'connecting';
  state.textContent = text;
  send.disabled = !isOpen;
}

/** Text is added as text: no message becomes HTML. */
function add(message) {
  const item = document.createElement('li');
  item.id = `message-${messages.childElementCount + 1}`;
  item.textContent = `${message.name}: ${message.text}`;
  messages.append(item);
  item.scrollIntoView({ block: 'nearest' });
}

say.onsubmit = event => {
  event.preventDefault();
  socket.send(text.value);
  say.reset();
};

connect();
