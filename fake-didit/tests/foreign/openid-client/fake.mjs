// The program fake-didit, its JSON API, and the people who sign in at it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export const CLIENT_ID = "app";
export const REDIRECT_URI = "http://localhost:3000/callback";

/** Starts the program, whose path is in the environment variable FAKE_DIDIT, for the duration of a test. */
export async function start(t, ...flags) {
  const path = process.env.FAKE_DIDIT;
  assert(path, "the environment variable FAKE_DIDIT must have the path of the program");
  const own = ["--listen", "127.0.0.1:0", "--client-id", CLIENT_ID, "--redirect-uri", REDIRECT_URI];
  const program = spawn(path, [...own, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    program.kill();
    await once(program, "close");
  });
  for await (const line of createInterface({ input: program.stdout })) {
    const [, issuer] = /^Issuer +(\S+)$/.exec(line) ?? [];
    if (issuer) {
      program.stdout.resume();
      return new Fake(issuer);
    }
  }
  assert.fail("the program ended before it printed its issuer");
}

class Fake {
  constructor(issuer) {
    this.issuer = issuer;
  }

  /** Sends a request to the JSON API. */
  async api(method, path, body) {
    const response = await fetch(`${this.issuer}/fake/api/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert(response.ok, answer.detail);
    return answer;
  }

  /** Injects a fault into the next request to an endpoint. */
  async fault(endpoint, fault) {
    await this.api("POST", "faults", { endpoint, ...fault });
  }

  /** The first person on the sign-in page. */
  async alejandra() {
    const { people } = await this.api("GET", "people");
    return people[0];
  }

  /** Approves an authorization request through the JSON API; returns the URL of the callback. */
  async approve(url) {
    const { subject } = await this.alejandra();
    const answer = await this.api("POST", "approve", { authorization_url: url.href, subject });
    return new URL(answer.redirect_url);
  }

  /** Approves an authorization request like a browser: opens the page and sends its form. */
  async approveInBrowser(url) {
    const response = await fetch(url);
    assert.equal(response.status, 200);
    const page = await response.text();
    const [, action] = /<form method="post" action="([^"]*\/approve)"/.exec(page);
    const [, interaction] = /name="interaction" value="([^"]*)"/.exec(page);
    const { subject } = await this.alejandra();
    const answer = await fetch(new URL(action, url), {
      method: "POST",
      body: new URLSearchParams({ interaction, person: subject }),
      redirect: "manual",
    });
    return new URL(answer.headers.get("location"));
  }

  /** Declines an authorization request. */
  async decline(url) {
    const answer = await this.api("POST", "decline", { authorization_url: url.href });
    return new URL(answer.redirect_url);
  }

  /** The number of requests to an endpoint. */
  async count(endpoint) {
    const { endpoints } = await this.api("GET", "state");
    return endpoints.find(({ name }) => name === endpoint).requests;
  }

  /** The last recorded request to an endpoint. */
  async last(endpoint) {
    const { requests } = await this.api("GET", "requests");
    return requests.findLast((request) => request.endpoint === endpoint);
  }
}
