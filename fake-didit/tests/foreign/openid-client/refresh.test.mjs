// Refresh at the Sign in API.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SECRET, discover, signIn } from "./application.mjs";
import { start } from "./fake.mjs";

const INVALID_GRANT = { code: "OAUTH_RESPONSE_BODY_ERROR", error: "invalid_grant", status: 400 };

test("a refresh token is reusable", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  const { refresh_token } = await signIn(fake, config);
  for (const _ of [1, 2]) {
    const tokens = await client.refreshTokenGrant(config, refresh_token);
    assert.equal(tokens.refresh_token, undefined);
    assert.equal(tokens.scope, "openid offline names email");
  }
  const { scope } = await client.refreshTokenGrant(config, refresh_token, { scope: "openid email" });
  assert.equal(scope, "openid email");
  await assert.rejects(client.refreshTokenGrant(config, refresh_token, { scope: "openid phone" }), {
    error: "invalid_scope",
  });
});

test("a refresh replaces an access token that has expired", async (t) => {
  const fake = await start(t, "--client-secret", SECRET, "--access-token-lifetime", "5m");
  const config = await discover(fake);
  const old = await signIn(fake, config);
  assert.equal(old.expires_in, 300);
  const { sub } = old.claims();

  await fake.api("POST", "clock", { advance: "5m" });
  await assert.rejects(client.fetchUserInfo(config, old.access_token, sub), ({ code, status, cause }) => {
    assert.deepEqual([code, status], ["OAUTH_WWW_AUTHENTICATE_CHALLENGE", 401]);
    assert.equal(cause[0].parameters.error, "invalid_token");
    return true;
  });
  const tokens = await client.refreshTokenGrant(config, old.refresh_token);
  await client.fetchUserInfo(config, tokens.access_token, sub);
});

test("a rotating refresh token works once; its reuse revokes the grant", async (t) => {
  const fake = await start(t, "--client-secret", SECRET, "--rotate-refresh-tokens");
  const config = await discover(fake);
  const first = await signIn(fake, config);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  const third = await client.refreshTokenGrant(config, second.refresh_token);
  assert.equal(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size, 3);

  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), INVALID_GRANT);
  await assert.rejects(client.refreshTokenGrant(config, third.refresh_token), INVALID_GRANT);
});

test("a refresh token expires, and all of them can be revoked", async (t) => {
  const fake = await start(t, "--client-secret", SECRET, "--refresh-token-lifetime", "1h");
  const config = await discover(fake);
  const expiring = await signIn(fake, config);
  await fake.api("POST", "clock", { advance: "1h" });
  await assert.rejects(client.refreshTokenGrant(config, expiring.refresh_token), INVALID_GRANT);

  const revoked = await signIn(fake, config);
  await fake.api("POST", "revocation", {});
  await assert.rejects(client.refreshTokenGrant(config, revoked.refresh_token), INVALID_GRANT);
});
