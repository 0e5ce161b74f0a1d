// Rotation of the signing keys.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

import { SECRET, discover, signIn } from "./application.mjs";
import { start } from "./fake.mjs";

test("an announced key is known before it signs", async (t) => {
  const fake = await start(t, "--client-secret", SECRET);
  const config = await discover(fake);
  await fake.api("POST", "keys", { action: "announce" });
  await signIn(fake, config);
  await fake.api("POST", "keys", { action: "rotate_gently" });
  await signIn(fake, config);
  assert.equal(await fake.count("jwks"), 1);
});

for (const action of ["rotate_gently", "rotate"]) {
  test(`a key set that is a minute old is fetched again: ${action}`, async (t) => {
    const fake = await start(t, "--client-secret", SECRET);
    const config = await discover(fake);
    await signIn(fake, config);
    await fake.api("POST", "keys", { action });
    await assert.rejects(signIn(fake, config), { code: "OAUTH_KEY_SELECTION_FAILED" });
    assert.equal(await fake.count("jwks"), 1);

    const { jwks, uat } = client.getJwksCache(config);
    const later = await discover(fake);
    client.setJwksCache(later, { jwks, uat: uat - 60 });
    await signIn(fake, later);
    assert.equal(await fake.count("jwks"), 2);
  });
}
