// Sign-in at the Sign in API.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SECRET, SignIn, discover, signIn } from "./application.mjs";
import { CLIENT_ID, start } from "./fake.mjs";

const WITH_SECRET = ["--client-secret", SECRET];
// The client checks the challenge of the response before its `error` (RFC 6749 §5.2).
const UNAUTHORIZED = { code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE", status: 401 };

for (const way of ["approve", "approveInBrowser"]) {
  test(`a person signs in: ${way}`, async (t) => {
    const fake = await start(t, ...WITH_SECRET);
    const config = await discover(fake);
    const begun = await SignIn.begin(config);
    const tokens = await begun.finish(await fake[way](begun.url));

    const { subject, members } = await fake.alejandra();
    const claims = tokens.claims();
    assert.equal(claims.sub, subject);
    assert.equal(claims.iss, fake.issuer);
    assert.equal(claims.aud, CLIENT_ID);
    assert.equal(claims.nonce, begun.checks.expectedNonce);
    assert.equal(tokens.expires_in, 3600);

    const userInfo = await client.fetchUserInfo(config, tokens.access_token, subject);
    assert.deepEqual(userInfo.names, members.names);
    assert.deepEqual(userInfo.email, members.email);
    assert.equal(userInfo.phone, undefined, "it was not asked for");

    const told = await client.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([told.active, told.sub], [true, subject]);
  });
}

test("max_age is met by auth_time", async (t) => {
  const fake = await start(t, ...WITH_SECRET);
  const begun = await SignIn.begin(await discover(fake), { max_age: "60" });
  const tokens = await begun.finish(await fake.approve(begun.url), { maxAge: 60 });
  assert.equal(typeof tokens.claims().auth_time, "number");
});

test("the secret may be sent in the body", async (t) => {
  const fake = await start(t, ...WITH_SECRET, "--client-secret-post");
  const config = await discover(fake, { authentication: client.ClientSecretPost(SECRET) });
  assert.deepEqual(config.serverMetadata().token_endpoint_auth_methods_supported, ["client_secret_post"]);
  await signIn(fake, config);
  await assert.rejects(signIn(fake, await discover(fake)), UNAUTHORIZED);
});

test("a wrong secret is rejected", async (t) => {
  const fake = await start(t, ...WITH_SECRET);
  const config = await discover(fake, { authentication: client.ClientSecretBasic("another") });
  await assert.rejects(signIn(fake, config), UNAUTHORIZED);
});

test("a public client signs in with PKCE alone", async (t) => {
  const fake = await start(t, "--public");
  const config = await discover(fake, { authentication: client.None() });
  const tokens = await signIn(fake, config);
  assert.equal(tokens.claims().aud, CLIENT_ID);

  const withoutPkce = await SignIn.begin(config);
  withoutPkce.url.searchParams.delete("code_challenge");
  withoutPkce.url.searchParams.delete("code_challenge_method");
  const callback = await fake.approve(withoutPkce.url).catch((error) => error.message);
  assert.match(String(callback), /code_challenge/);
});

test("a code works once, with its own verifier", async (t) => {
  const fake = await start(t, ...WITH_SECRET);
  const begun = await SignIn.begin(await discover(fake));
  const callback = await fake.approve(begun.url);
  const other = { pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await assert.rejects(begun.finish(callback, other), { error: "invalid_grant" });

  const next = await SignIn.begin(begun.config);
  const back = await fake.approve(next.url);
  await next.finish(back);
  await assert.rejects(next.finish(back), { error: "invalid_grant" });
});

test("the state and the issuer of the callback are checked", async (t) => {
  const fake = await start(t, ...WITH_SECRET, "--with-iss");
  const config = await discover(fake);
  assert.equal(config.serverMetadata().authorization_response_iss_parameter_supported, true);
  const begun = await SignIn.begin(config);
  const callback = await fake.approve(begun.url);
  assert.equal(callback.searchParams.get("iss"), fake.issuer);

  for (const [name, value] of [["state", "other"], ["iss", "http://other.example"], ["iss", ""]]) {
    const forged = new URL(callback);
    forged.searchParams.set(name, value);
    await assert.rejects(begun.finish(forged), { code: "OAUTH_INVALID_RESPONSE" }, name);
  }
  const withoutIssuer = new URL(callback);
  withoutIssuer.searchParams.delete("iss");
  await assert.rejects(begun.finish(withoutIssuer), { code: "OAUTH_INVALID_RESPONSE" });
  assert.equal(await fake.count("token"), 0);

  await begun.finish(callback);
});

test("ID tokens have the algorithm that the client expects", async (t) => {
  const fake = await start(t, ...WITH_SECRET, "--rs256");
  await signIn(fake, await discover(fake, { algorithm: "RS256" }));
  await assert.rejects(signIn(fake, await discover(fake)), { code: "OAUTH_INVALID_RESPONSE" });
});

test("a person who declines is not signed in", async (t) => {
  const fake = await start(t, ...WITH_SECRET, "--with-iss");
  const begun = await SignIn.begin(await discover(fake));
  await assert.rejects(begun.finish(await fake.decline(begun.url)), {
    code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR",
    error: "access_denied",
  });
});

// An ID token as a detached signature comes with `response_type=code id_token`, which Didit does not have.
test("a hybrid response type is rejected", async (t) => {
  const fake = await start(t, ...WITH_SECRET);
  const execute = [client.useCodeIdTokenResponseType, client.enableDetachedSignatureResponseChecks];
  const config = await discover(fake, { execute });
  assert.deepEqual(config.serverMetadata().response_types_supported, ["code"]);
  const { url } = await SignIn.begin(config);
  assert.equal(url.searchParams.get("response_type"), "code id_token");
  const answer = await fetch(url, { redirect: "manual" });
  const callback = new URL(answer.headers.get("location"));
  assert.equal(callback.searchParams.get("error"), "unsupported_response_type");
});
