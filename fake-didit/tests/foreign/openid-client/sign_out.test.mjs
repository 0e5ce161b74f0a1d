// Sign-out at the Sign in API, with revocation and the end-session endpoint switched on.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SECRET, discover, signIn } from "./application.mjs";
import { CLIENT_ID, start } from "./fake.mjs";

const HOME = "http://localhost:3000/";

test("revoking a refresh token revokes its access tokens", async (t) => {
  const fake = await start(t, "--client-secret", SECRET, "--with-revocation");
  const config = await discover(fake);
  const tokens = await signIn(fake, config);
  await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });

  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), {
    code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
  });
  // RFC 7009 §2.2: an unknown token is not an error.
  await client.tokenRevocation(config, tokens.refresh_token);
});

test("the end-session endpoint redirects to the application", async (t) => {
  const fake = await start(
    t,
    ...["--client-secret", SECRET, "--with-end-session", "--post-logout-redirect-uri", HOME],
  );
  const config = await discover(fake);
  const { id_token } = await signIn(fake, config);
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: id_token,
    post_logout_redirect_uri: HOME,
    state: "s",
  });
  assert.equal(url.searchParams.get("client_id"), CLIENT_ID);
  const answer = await fetch(url, { redirect: "manual" });
  assert.equal(answer.headers.get("location"), `${HOME}?state=s`);
});

test("neither endpoint exists unless it is switched on", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  const { refresh_token } = await signIn(fake, config);
  const missing = { code: "OAUTH_MISSING_SERVER_METADATA" };
  await assert.rejects(client.tokenRevocation(config, refresh_token), missing);
  assert.throws(() => client.buildEndSessionUrl(config), missing);
});
