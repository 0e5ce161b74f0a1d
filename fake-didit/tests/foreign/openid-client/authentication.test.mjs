// Sign-in at Didit Authentication. Its token endpoint accepts only JSON with documented members; it ignores `nonce` and
// has no userinfo endpoint. `customFetch`, the documented hook for requests, converts forms to JSON; the rest is the
// standard client.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SignIn, discover } from "./application.mjs";
import { CLIENT_ID, start } from "./fake.mjs";

const PUBLIC = { authentication: client.None() };
const JSON_BODIES = { ...PUBLIC, [client.customFetch]: fetchWithJson };

/** Sends a form as JSON. */
function fetchWithJson(url, options) {
  if (!(options.body instanceof URLSearchParams)) {
    return fetch(url, options);
  }
  const members = Object.fromEntries(options.body);
  if (members.grant_type === "refresh_token") {
    delete members.client_id;
  }
  const headers = { ...options.headers, "content-type": "application/json" };
  return fetch(url, { ...options, headers, body: JSON.stringify(members) });
}

const begin = (config) => SignIn.begin(config, { scope: "openid email profile offline_access" });
const WITHOUT_NONCE = { expectedNonce: undefined };

async function signIn(fake, config) {
  const begun = await begin(config);
  begun.url.searchParams.delete("nonce");
  return begun.finish(await fake.approve(begun.url), WITHOUT_NONCE);
}

for (const way of ["approve", "approveInBrowser"]) {
  test(`a person signs in: ${way}`, async (t) => {
    const fake = await start(t, "--authentication");
    const begun = await begin(await discover(fake, JSON_BODIES));
    begun.url.searchParams.delete("nonce");
    const tokens = await begun.finish(await fake[way](begun.url), WITHOUT_NONCE);
    const { subject, members } = await fake.alejandra();
    const claims = tokens.claims();
    assert.deepEqual([claims.sub, claims.iss, claims.aud], [subject, fake.issuer, CLIENT_ID]);
    assert.deepEqual(claims.verified, members.verified);
    assert.equal(tokens.expires_in, 300);
  });
}

test("a standard client fails at the token endpoint", async (t) => {
  const fake = await start(t, "--authentication");
  const config = await discover(fake, PUBLIC);
  await assert.rejects(signIn(fake, config), { error: "invalid_content_type", status: 400 });
  const { problem } = await fake.last("token");
  assert.equal(problem, "Content-Type must be application/json");
});

test("the ID token lacks the nonce of the request", async (t) => {
  const fake = await start(t, "--authentication");
  const begun = await begin(await discover(fake, JSON_BODIES));
  const callback = await fake.approve(begun.url);
  await assert.rejects(begun.finish(callback), ({ code, cause }) => {
    assert.equal(code, "OAUTH_INVALID_RESPONSE");
    assert.match(cause.message, /"nonce".* claim missing/);
    return true;
  });
});

test("there is no userinfo, revocation or end-session endpoint", async (t) => {
  const fake = await start(t, "--authentication");
  const config = await discover(fake, JSON_BODIES);
  const { access_token, refresh_token, claims } = await signIn(fake, config);
  const missing = { code: "OAUTH_MISSING_SERVER_METADATA" };
  await assert.rejects(client.fetchUserInfo(config, access_token, claims().sub), missing);
  await assert.rejects(client.tokenRevocation(config, refresh_token), missing);
  assert.throws(() => client.buildEndSessionUrl(config), missing);
});

test("a refresh rotates the refresh token and returns an ID token", async (t) => {
  const fake = await start(t, "--authentication");
  const config = await discover(fake, JSON_BODIES);
  const first = await signIn(fake, config);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.claims().sid, first.claims().sid);
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: "invalid_grant" });
});

test("a session is a protected resource that DELETE ends", async (t) => {
  const fake = await start(t, "--authentication");
  const config = await discover(fake, JSON_BODIES);
  const { access_token, refresh_token, claims } = await signIn(fake, config);
  const session = (method) =>
    client.fetchProtectedResource(config, access_token, new URL(`${fake.issuer}/session/`), method);

  const told = await (await session("GET")).json();
  assert.equal(told.sid, claims().sid);
  assert.equal((await session("DELETE")).status, 204);
  await assert.rejects(session("GET"), { code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE", status: 401 });
  await assert.rejects(client.refreshTokenGrant(config, refresh_token), { error: "invalid_grant" });
});
