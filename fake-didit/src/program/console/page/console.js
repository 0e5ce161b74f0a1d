"use strict";

// Shows the state from the JSON API; updates once a second while the page is visible.

const by = (id) => document.getElementById(id);

/** Creates an element with texts and elements as children. Texts are never parsed as HTML. */
function element(name, properties = {}, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children);
  return created;
}

const fact = (term, ...values) => [
  element("dt", {}, term),
  ...values.map((value) => element("dd", {}, element("code", {}, value))),
];

// The API

async function call(method, path, body) {
  const request = { method, cache: "no-store" };
  if (method === "POST") {
    request.headers = { "Content-Type": "application/json" };
    request.body = typeof body === "string" ? body : JSON.stringify(body ?? {});
  }
  const response = await fetch(`api/${path}`, request);
  const result = await response.json();
  if (!response.ok) {
    throw new Error(result.detail);
  }
  return result;
}

let hiding = 0;

/** Sends a request to the API, and shows the message or the error. */
async function act(message, ...request) {
  const [notice, failure] = [by("notice"), by("failure")];
  notice.hidden = failure.hidden = true;
  try {
    await call(...request);
    notice.textContent = message;
    notice.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => { notice.hidden = true; }, 5000);
    await update();
    return true;
  } catch (error) {
    failure.textContent = error.message;
    failure.hidden = false;
    return false;
  }
}

// The state

const shown = new Map();

/** Renders a part only if it changed, so that details stay open and elements keep the focus. */
function show(part, value, render) {
  const text = JSON.stringify(value);
  if (shown.get(part) !== text) {
    shown.set(part, text);
    render(value);
  }
}

function showState(state) {
  const name = { "sign-in": "Sign in API", authentication: "Didit Authentication" }[state.product];
  by("product").textContent = `${name} · ${state.version}`;
  const { workflow_id: workflow, business_workflow_id: businesses } = state.verification;
  show("connect", [state.issuer, state.discovery, state.client, state.redirect_uris, state.scopes, workflow], () => {
    by("connect").replaceChildren(...[
      fact("Issuer", state.issuer),
      fact("Discovery", state.discovery),
      fact("Client id", state.client.id),
      fact("Client authentication", state.client.authentication_method),
      fact("Redirect URIs", ...state.redirect_uris),
      fact("Workflow of people", workflow),
      fact("Workflow of businesses", businesses),
    ].map((facts) => element("div", {}, ...facts)), element("div", {},
      element("dt", {}, "Scopes"),
      element("dd", {}, element("ul", { className: "chips" }, ...state.scopes.map((scope) => element("li", {}, scope))))));
  });
  show("on", state.on, () => {
    by("on").checked = state.on;
    by("power").className = `badge ${state.on ? "good" : "bad"}`;
    by("power").textContent = state.on ? "product on" : "product off";
  });
  by("now").textContent = new Date(state.clock.now * 1000).toLocaleString();
  by("ahead").className = `badge ${state.clock.ahead ? "warn" : ""}`;
  by("ahead").textContent = state.clock.ahead ? `${time(state.clock.ahead)} ahead` : "system time";
  show("keys", state.keys, (keys) => {
    by("keys").replaceChildren(
      element("div", {}, ...fact(`Signs (${keys.algorithm})`, keys.signing)),
      element("div", {}, ...fact("Published", ...keys.published)));
  });
  by("grants").textContent = `${state.grants} active ${state.grants === 1 ? "grant" : "grants"}.`;
  show("faults", state.faults, showFaults);
  showVerification(state.verification);
  show("people", state.people, showPeople);
}

/** Formats seconds: `1 d 2 h`. */
function time(seconds) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const words = [];
  for (const [length, unit] of units) {
    if (seconds >= length) {
      words.push(`${Math.floor(seconds / length)} ${unit}`);
      seconds %= length;
    }
  }
  return words.slice(0, 2).join(" ");
}

function showFaults(faults) {
  by("faults").replaceChildren(...faults.map((fault) => element("li", {},
    element("div", { className: "row apart" },
      element("span", {}, element("b", {}, fault.endpoint), ` ${fault.what}`),
      element("span", { className: "badge warn" }, fault.times === "every" ? "every request" : "once")))));
}

function showPeople(people) {
  by("no-people").hidden = people.length > 0;
  by("people").replaceChildren(...people.map((person) => {
    const remove = element("button", { className: "quiet small", type: "button" }, "Remove");
    remove.setAttribute("aria-label", `Remove ${person.name ?? person.subject}`);
    remove.addEventListener("click", async () => {
      if (await act(`${person.name ?? person.subject} is removed.`, "DELETE", `people?subject=${encodeURIComponent(person.subject)}`)) {
        // The focus was on the removed button.
        by("add-title").focus();
      }
    });
    return element("li", {}, element("details", {},
      element("summary", {}, person.name ?? person.subject, " ", element("small", {}, person.email ?? "")),
      element("p", { className: "soft" }, "Subject ", element("code", {}, person.subject)),
      element("pre", { tabIndex: 0 }, JSON.stringify(person.members, null, 2)),
      remove));
  }));
}

// Identity verification

function showVerification({ destinations, webhooks }) {
  show("destinations", destinations, () => {
    by("destinations").replaceChildren(destinations.length === 0
      ? "No destination: start the program with --webhook URL, or add one with the API."
      : `Sent to ${destinations.join(", ")}.`);
  });
  by("paused").checked = webhooks.paused;
  by("waiting").textContent = `${webhooks.waiting} waiting.`;
}

const TONES = { Approved: "good", Declined: "bad", Expired: "bad", Abandoned: "bad", "Kyc Expired": "bad", "In Review": "warn", Resubmitted: "warn" };

/** The status of a session as in the console, whatever the present one is. */
const CHANGES = [["Approve", "Approved"], ["Decline", "Declined"], ["Ask to resubmit", "Resubmitted"], ["Review", "In Review"], ["Let the KYC expire", "Kyc Expired"]];

/** The ids of the sessions whose details are open. */
const open = new Set();

/** Shows the sessions; the details and the focus stay as they are. */
function showVerifications(sessions) {
  const list = by("verifications");
  const focused = document.activeElement?.dataset.key;
  by("no-verifications").hidden = sessions.length > 0;
  list.replaceChildren(...sessions.map(verification));
  if (focused) {
    // The button of the new status is gone.
    const [id] = focused.split(" ");
    (list.querySelector(`[data-key="${focused}"]`) ?? list.querySelector(`[data-key="${id}"]`))?.focus();
  }
}

function verification(session) {
  const { session_id: id, status, vendor_data: user } = session;
  const button = (text, key, className, handler) => {
    const created = element("button", { className, type: "button" }, text);
    created.dataset.key = `${id} ${key}`;
    created.addEventListener("click", handler);
    return created;
  };
  const changes = CHANGES.filter(([, next]) => next !== status).map(([text, next]) =>
    button(text, next, "quiet small", () =>
      act(`The session is ${next}.`, "POST", "verifications", { session_id: id, status: next })));
  changes.push(button("Delete", "delete", "danger small", () =>
    act("The session is deleted.", "DELETE", `verifications?session_id=${id}`)));
  if (user !== null) {
    changes.push(button("Block the user", "block", "danger small", () =>
      act(`${user} is blocked.`, "POST", "users", { vendor_data: user, status: "BLOCKED" })));
  }
  const link = (text, href) => element("a", { href, target: "_blank", rel: "noreferrer" }, text);
  const summary = element("summary", {},
    element("span", { className: "soft" }),
    element("span", { className: "what" }, element("b", {}, user ?? "no vendor data"),
      session.session_kind === "business" ? " business" : ""),
    element("span", { className: `badge ${TONES[status] ?? ""}` }, status));
  summary.dataset.key = id;
  const details = element("details", { open: open.has(id) }, summary,
    element("p", {}, link("Page of the session", session.url)),
    element("dl", {}, ...fact("Session", id), ...fact("Workflow", session.workflow_id),
      ...fact("Callback", session.callback_url ?? "none"),
      ...fact("Created", date(session.created_at)), ...fact("Expires", date(session.expires_at))),
    element("div", { className: "row" }, ...changes));
  details.addEventListener("toggle", () => (details.open ? open.add(id) : open.delete(id)));
  return element("li", {}, details);
}

function showWebhooks({ attempts, next, every, faults }) {
  by("no-webhooks").hidden = attempts.length > 0;
  show("attempts", attempts, () => by("webhooks").replaceChildren(...attempts.map(webhook)));
  show("fault names", faults, () => {
    by("add-webhook-fault").elements.fault.replaceChildren(
      ...faults.map((name) => element("option", { value: name }, name)));
  });
  const waiting = [...next.map((name) => [name, "once"]), ...(every === null ? [] : [[every, "every event"]])];
  show("webhook faults", waiting, () => {
    by("webhook-faults").replaceChildren(...waiting.map(([name, times]) => element("li", { className: "row apart" },
      name, element("span", { className: "badge warn" }, times))));
  });
}

function webhook(attempt) {
  const isGood = attempt.response >= 200 && attempt.response < 300;
  const reasons = [];
  if (attempt.problem !== null) {
    reasons.push(element("span", { className: "why" }, attempt.problem));
  }
  if (attempt.fault !== null) {
    reasons.push(element("span", { className: "why" }, element("span", { className: "badge warn" }, "fault"), ` ${attempt.fault}`));
  }
  const key = `webhook ${attempt.number}`;
  const facts = [["To", attempt.url], ["Time", date(attempt.at)], ["Session", attempt.session_id ?? "none"], ...attempt.headers];
  const details = element("details", { open: open.has(key) },
    element("summary", {},
      element("span", { className: "soft" }, `${attempt.number}`),
      element("span", { className: "what" }, element("b", {}, attempt.webhook_type ?? "event"), ` ${attempt.status ?? ""}`),
      element("span", { className: `badge ${isGood ? "good" : "bad"}` }, `${attempt.response ?? "no response"}`),
      ...reasons),
    element("dl", {}, ...facts.flatMap(([name, value]) => fact(name, `${value}`))),
    element("pre", { tabIndex: 0 }, pretty(attempt.body)));
  details.addEventListener("toggle", () => (details.open ? open.add(key) : open.delete(key)));
  return element("li", { className: isGood ? "" : "bad", value: attempt.number }, details);
}

/** JSON with line breaks; another text as it is. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const date = (seconds) => new Date(seconds * 1000).toLocaleString();

// The requests

let last = 0;

function showRequest(request) {
  const isBad = request.problem !== null || request.status >= 400;
  const tone = request.status === null ? "warn" : isBad ? "bad" : "good";
  const facts = [["Path", request.path], ["Time", new Date(request.at * 1000).toLocaleString()]];
  for (const [name, value] of [
    ["Authorization", request.authorization],
    ["Content-Type", request.content_type],
    ["User-Agent", request.user_agent],
  ]) {
    if (value !== null) {
      facts.push([name, value]);
    }
  }
  const list = [...facts, ...request.parameters].flatMap(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, element("code", {}, value))]);
  const reasons = [];
  if (request.problem !== null) {
    reasons.push(element("span", { className: "why" }, request.problem));
  }
  if (request.fault !== null) {
    reasons.push(element("span", { className: "why" }, element("span", { className: "badge warn" }, "fault"), ` ${request.fault}`));
  }
  const item = element("li", { className: isBad ? "bad" : "", value: request.number }, element("details", {},
    element("summary", {},
      element("span", { className: "soft" }, `${request.number}`),
      element("span", { className: "what" }, element("b", {}, request.endpoint ?? request.path), ` ${request.method}`),
      element("span", { className: `badge ${tone}` }, `${request.status ?? "no response"}`),
      ...reasons),
    element("dl", {}, ...list)));
  const requests = by("requests");
  requests.prepend(item);
  while (requests.children.length > 300) {
    requests.lastElementChild.remove();
  }
}

async function showRequests(total) {
  if (total < last) {
    // The program was restarted.
    last = 0;
    by("requests").replaceChildren();
  }
  while (last < total) {
    const page = await call("GET", `requests?since=${last}`);
    page.requests.forEach(showRequest);
    if (page.last <= last) {
      break;
    }
    last = page.last;
  }
  by("no-requests").hidden = by("requests").children.length > 0;
}

// Updates

let updating = null;

/** Updates the page, after the pending update. */
function update() {
  updating = (updating ?? Promise.resolve()).then(updateNow);
  return updating;
}

async function updateNow() {
  const link = by("link");
  try {
    const state = await call("GET", "state");
    showState(state);
    await showRequests(state.requests);
    const { sessions } = await call("GET", "verifications");
    show("verifications", sessions, showVerifications);
    const webhooks = JSON.stringify(state.verification.webhooks);
    if (shown.get("webhooks") !== webhooks) {
      showWebhooks(await call("GET", "webhooks"));
      shown.set("webhooks", webhooks);
    }
    link.className = "badge good";
    link.textContent = "live";
  } catch {
    link.className = "badge bad";
    link.textContent = "the program does not respond";
  }
}

async function watch() {
  if (!document.hidden) {
    await update();
  }
  setTimeout(watch, 1000);
}

// The controls

async function prepareFaults() {
  const { endpoints, forgeries } = await call("GET", "faults");
  const form = by("add-fault");
  const options = (names, chosen) =>
    names.map((name) => element("option", { value: name, selected: name === chosen }, name));
  form.elements.endpoint.replaceChildren(...options(endpoints, "token"));
  form.elements.name.replaceChildren(...options(forgeries));
  const choose = () => {
    for (const field of form.querySelectorAll("[data-for]")) {
      field.hidden = field.dataset.for !== form.elements.fault.value;
      // A hidden required field would prevent submission.
      field.control.disabled = field.hidden;
    }
  };
  form.elements.fault.addEventListener("change", choose);
  choose();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { endpoint, fault, code, seconds, name, times } = form.elements;
    const request = { endpoint: endpoint.value, fault: fault.value };
    request.times = times.value === "every" ? "every" : Number(times.value);
    Object.assign(request, {
      error: { code: code.value },
      answer: { status: 500, body: "Internal Server Error" },
      slow: { seconds: Number(seconds.value) },
      forgery: { name: name.value },
    }[fault.value]);
    act("The fault is added.", "POST", "faults", request);
  });
}

function prepare() {
  prepareFaults().catch(() => {});
  by("clear-faults").addEventListener("click", () => act("All faults are cleared.", "DELETE", "faults"));
  by("clear-requests").addEventListener("click", async () => {
    if (await act("The requests are cleared.", "DELETE", "requests")) {
      by("requests").replaceChildren();
      by("no-requests").hidden = false;
    }
  });
  by("only-problems").addEventListener("change", (event) =>
    by("requests").classList.toggle("only-problems", event.target.checked));
  by("add-person").addEventListener("submit", (event) => {
    event.preventDefault();
    act("The person can sign in.", "POST", "people", event.target.elements.person.value);
  });
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () =>
      act(`The clock is advanced by ${button.textContent}.`, "POST", "clock", { advance: button.dataset.advance }));
  }
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.addEventListener("click", () =>
      act("The keys are changed.", "POST", "keys", { action: button.dataset.keys }));
  }
  by("deliver").addEventListener("click", () => act("What was due is sent.", "POST", "webhooks/deliver"));
  by("resend").addEventListener("click", () => act("The latest webhook is sent again.", "POST", "webhooks/resend"));
  by("paused").addEventListener("change", (event) => {
    const paused = event.target.checked;
    act(paused ? "Webhooks wait." : "Webhooks are sent.", "POST", "webhooks", { paused });
  });
  by("add-webhook-fault").addEventListener("submit", (event) => {
    event.preventDefault();
    const { fault, times } = event.target.elements;
    act("The fault is added.", "POST", "webhooks", { fault: fault.value, every: times.value === "every" });
  });
  by("clear-webhook-faults").addEventListener("click", () => act("The faults of webhooks are cleared.", "DELETE", "webhooks"));
  by("revoke").addEventListener("click", () => act("All grants are revoked.", "POST", "revocation"));
  by("on").addEventListener("change", async (event) => {
    const on = event.target.checked;
    if (!(await act(`The product is switched ${on ? "on" : "off"}.`, "POST", "product", { on }))) {
      event.target.checked = !on;
    }
  });
  for (const message of [by("notice"), by("failure")]) {
    message.addEventListener("click", () => { message.hidden = true; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      by("notice").hidden = by("failure").hidden = true;
    }
  });
  document.addEventListener("visibilitychange", () => document.hidden || update());
  watch();
}

prepare();
