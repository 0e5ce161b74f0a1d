// The errors that the client raises at faults: the codes in its documentation.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SECRET, SignIn, discover, signIn } from "./application.mjs";
import { start } from "./fake.mjs";

const NO_JSON = "OAUTH_RESPONSE_IS_NOT_JSON";
const NO_SUCCESS = "OAUTH_RESPONSE_IS_NOT_CONFORM";
const TIMEOUT = "OAUTH_TIMEOUT";

/** Faults for any endpoint that responds with JSON. */
const BROKEN_ANSWERS = [
  [{ fault: "html" }, NO_JSON],
  [{ fault: "html", status: 502 }, NO_SUCCESS],
  [{ fault: "error", code: "server_error", status: 500 }, NO_SUCCESS],
  [{ fault: "truncated" }, "OAUTH_PARSE_ERROR"],
  [{ fault: "silence" }, TIMEOUT],
];

const name = ({ fault, status, code = "" }) => [fault, status, code].filter(Boolean).join(" ");

for (const [fault, code] of BROKEN_ANSWERS) {
  const timeout = code === TIMEOUT ? 1 : 30; // in seconds

  test(`discovery: ${name(fault)}`, async (t) => {
    const fake = await start(t, "--client-secret", SECRET);
    await fake.fault("discovery", fault);
    await assert.rejects(discover(fake, { timeout }), { code });
    await discover(fake);
  });

  for (const endpoint of ["token", "jwks"]) {
    test(`${endpoint}: ${name(fault)}`, async (t) => {
      const fake = await start(t, "--client-secret", SECRET);
      const config = await discover(fake, { timeout });
      await fake.fault(endpoint, fault);
      await assert.rejects(signIn(fake, config), { code });
      await signIn(fake, config);
    });
  }

  test(`user_info: ${name(fault)}`, async (t) => {
    const fake = await start(t, "--client-secret", SECRET);
    const config = await discover(fake, { timeout });
    const { access_token, claims } = await signIn(fake, config);
    await fake.fault("user_info", fault);
    await assert.rejects(client.fetchUserInfo(config, access_token, claims().sub), { code });
    await client.fetchUserInfo(config, access_token, claims().sub);
  });
}

test("the metadata of another issuer is rejected", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  await fake.fault("discovery", { fault: "edit", members: { issuer: "http://other.example" } });
  await assert.rejects(discover(fake), { code: "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED" });
});

test("the user information of another person is rejected", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  const { access_token, claims } = await signIn(fake, config);
  await fake.fault("user_info", { fault: "edit", members: { sub: "other" } });
  await assert.rejects(client.fetchUserInfo(config, access_token, claims().sub), {
    code: "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
  });
});

test("the client raises the injected error of each grant", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  const { refresh_token } = await signIn(fake, config);
  const fault = { fault: "error", code: "invalid_grant", description: "as scripted" };
  const told = { error: "invalid_grant", error_description: "as scripted", status: 400 };
  await fake.fault("token", fault);
  await assert.rejects(signIn(fake, config), told);
  await fake.fault("token", fault);
  await assert.rejects(client.refreshTokenGrant(config, refresh_token), told);
});

test("an injected error of the authorization request is in the callback", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const begun = await SignIn.begin(await discover(fake));
  await fake.fault("authorize", { fault: "error", code: "temporarily_unavailable" });
  const answer = await fetch(begun.url, { redirect: "manual" });
  await assert.rejects(begun.finish(new URL(answer.headers.get("location"))), {
    code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR",
    error: "temporarily_unavailable",
  });
});

for (const [members, code] of [
  [{ access_token: null }, "OAUTH_INVALID_RESPONSE"],
  [{ token_type: null }, "OAUTH_INVALID_RESPONSE"],
  [{ token_type: "mac" }, "OAUTH_UNSUPPORTED_OPERATION"],
  [{ id_token: null }, "OAUTH_INVALID_RESPONSE"],
  [{ expires_in: "soon" }, "OAUTH_INVALID_RESPONSE"],
]) {
  test(`a token response with ${JSON.stringify(members)} is rejected`, async (t) => {
    const fake = await start(t, "--client-secret", SECRET);
    const config = await discover(fake);
    await fake.fault("token", { fault: "edit", members });
    await assert.rejects(signIn(fake, config), { code });
  });
}

test("a product that is switched off is an error", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  const { refresh_token } = await signIn(fake, config);
  await fake.api("POST", "product", { on: false });
  await assert.rejects(client.refreshTokenGrant(config, refresh_token), { code: NO_SUCCESS });
  await fake.api("POST", "product", { on: true });
  await client.refreshTokenGrant(config, refresh_token);
});
