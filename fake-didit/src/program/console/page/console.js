"use strict";

// Shows what the JSON API tells, once a second while the page is in sight.

const by = (id) => document.getElementById(id);

/** An element with text and elements inside; never with markup. */
function element(name, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
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
  const answer = await fetch(`api/${path}`, request);
  const told = await answer.json();
  if (!answer.ok) {
    throw new Error(told.detail);
  }
  return told;
}

let hiding = 0;

/** Does what a button is for, and tells how it went. */
async function act(done, ...asked) {
  const [said, trouble] = [by("said"), by("trouble")];
  said.hidden = trouble.hidden = true;
  try {
    await call(...asked);
    said.textContent = done;
    said.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => { said.hidden = true; }, 5000);
    await look();
    return true;
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    return false;
  }
}

// The state

const shown = new Map();

/** Renders a part only when it changed, so that what is open or focused stays so. */
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
  show("connect", [state.issuer, state.discovery, state.client, state.redirect_uris, state.scopes], () => {
    by("connect").replaceChildren(...[
      fact("Issuer", state.issuer),
      fact("Discovery", state.discovery),
      fact("Client id", state.client.id),
      fact("Client authentication", state.client.authentication_method),
      fact("Redirect URIs", ...state.redirect_uris),
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
  by("grants").textContent = `${state.grants} ${state.grants === 1 ? "grant is" : "grants are"} in force.`;
  show("faults", state.faults, showFaults);
  show("people", state.people, showPeople);
}

/** Seconds in words: `1 day 2 h`. */
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
      element("span", { className: "badge warn" }, fault.times === "every" ? "every time" : "once")))));
}

function showPeople(people) {
  by("no-people").hidden = people.length > 0;
  by("people").replaceChildren(...people.map((person) => {
    const remove = element("button", { className: "quiet small", type: "button" }, "Remove");
    remove.setAttribute("aria-label", `Remove ${person.name ?? person.subject}`);
    remove.addEventListener("click", async () => {
      if (await act(`${person.name ?? person.subject} is removed.`, "DELETE", `people?subject=${encodeURIComponent(person.subject)}`)) {
        // The focus was on the button that is gone.
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
  const why = [];
  if (request.problem !== null) {
    why.push(element("span", { className: "why" }, request.problem));
  }
  if (request.fault !== null) {
    why.push(element("span", { className: "why" }, element("span", { className: "badge warn" }, "fault"), ` ${request.fault}`));
  }
  const item = element("li", { className: isBad ? "bad" : "", value: request.number }, element("details", {},
    element("summary", {},
      element("span", { className: "soft" }, `${request.number}`),
      element("span", { className: "what" }, element("b", {}, request.endpoint ?? request.path), ` ${request.method}`),
      element("span", { className: `badge ${tone}` }, `${request.status ?? "no answer"}`),
      ...why),
    element("dl", {}, ...list)));
  const requests = by("requests");
  requests.prepend(item);
  while (requests.children.length > 300) {
    requests.lastElementChild.remove();
  }
}

async function showRequests(total) {
  if (total < last) {
    // The program was started again.
    last = 0;
    by("requests").replaceChildren();
  }
  while (last < total) {
    const told = await call("GET", `requests?since=${last}`);
    told.requests.forEach(showRequest);
    if (told.last <= last) {
      break;
    }
    last = told.last;
  }
  by("no-requests").hidden = by("requests").children.length > 0;
}

// Looking

let looking = null;

/** One look at a time: who asks meanwhile gets the next one. */
function look() {
  looking = (looking ?? Promise.resolve()).then(lookNow);
  return looking;
}

async function lookNow() {
  const link = by("link");
  try {
    const state = await call("GET", "state");
    showState(state);
    await showRequests(state.requests);
    link.className = "badge good";
    link.textContent = "live";
  } catch {
    link.className = "badge bad";
    link.textContent = "the program does not answer";
  }
}

async function watch() {
  if (!document.hidden) {
    await look();
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
      // A hidden field must not keep the form from being sent.
      field.control.disabled = field.hidden;
    }
  };
  form.elements.fault.addEventListener("change", choose);
  choose();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { endpoint, fault, code, seconds, name, times } = form.elements;
    const asked = { endpoint: endpoint.value, fault: fault.value };
    asked.times = times.value === "every" ? "every" : Number(times.value);
    Object.assign(asked, {
      error: { code: code.value },
      answer: { status: 500, body: "Internal Server Error" },
      slow: { seconds: Number(seconds.value) },
      forgery: { name: name.value },
    }[fault.value]);
    act("The fault waits for its request.", "POST", "faults", asked);
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
  by("revoke").addEventListener("click", () => act("All grants are revoked.", "POST", "revocation"));
  by("on").addEventListener("change", async (event) => {
    const on = event.target.checked;
    if (!(await act(`The product is ${on ? "on" : "off"}.`, "POST", "product", { on }))) {
      event.target.checked = !on;
    }
  });
  for (const message of [by("said"), by("trouble")]) {
    message.addEventListener("click", () => { message.hidden = true; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      by("said").hidden = by("trouble").hidden = true;
    }
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  watch();
}

prepare();
