// Forged ID tokens. A certified client rejects all of them except those that break rules it does not check.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SECRET, discover, signIn } from "./application.mjs";
import { start } from "./fake.mjs";

/** Forgeries that break only rules that openid-client does not check. */
const NOT_CHECKED = [
  "AUDIENCE_EXTRA", // another audience, where `azp` is the client
  "AUTHORIZED_PARTY_OTHER", // `azp` beside a single audience
  "SUBJECT_EMPTY",
  "SUBJECT_TOO_LONG",
  "EXPIRATION_HUGE",
  "ISSUED_AT_FUTURE", // up to the client (OpenID Connect Core §3.1.3.7 step 10)
  "ACCESS_TOKEN_HASH_OTHER", // optional with a code (§3.1.3.8)
  "ACCESS_TOKEN_HASH_NUMBER",
  "CODE_HASH_OTHER",
  "TYPE_ACCESS_TOKEN", // `typ` of an ID token is free
  "TYPE_LOGOUT_TOKEN",
  "UNENCODED_PAYLOAD_NOT_CRITICAL",
  "PAYLOAD_NOT_UTF8", // JSON and base64 are read as the platform reads them
  "PAYLOAD_DUPLICATE_SUBJECT",
  "PAYLOAD_DUPLICATE_EXPIRATION",
  "PAYLOAD_NESTED",
  "PAYLOAD_HUGE",
  "HEADER_DUPLICATE_ALGORITHM",
  "PADDED_PAYLOAD",
  "PADDED_SIGNATURE",
  "STANDARD_BASE64",
  "SPACE_IN_PAYLOAD",
  "LINE_BREAK_IN_SIGNATURE",
  "TRAILING_LINE_BREAK",
];

/** The client's error codes; any other forgery has another OAUTH_… code. */
const CODES = {
  SIGNATURE_BY_OTHER_KEY: "OAUTH_INVALID_RESPONSE",
  PAYLOAD_SWAPPED: "OAUTH_INVALID_RESPONSE",
  ALGORITHM_NONE: "OAUTH_INVALID_RESPONSE",
  HMAC_EC_PEM: "OAUTH_INVALID_RESPONSE",
  ISSUER_OTHER: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  AUDIENCE_OTHER: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  NONCE_OTHER: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  NONCE_MISSING: "OAUTH_INVALID_RESPONSE",
  EXPIRATION_PAST: "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  NOT_BEFORE_FUTURE: "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  KEY_ID_UNKNOWN: "OAUTH_KEY_SELECTION_FAILED",
  CRITICAL_UNKNOWN: "OAUTH_UNSUPPORTED_OPERATION",
  PAYLOAD_NOT_JSON: "OAUTH_PARSE_ERROR",
};

for (const flags of [[], ["--rs256"]]) {
  test(`forged ID tokens are rejected: ${flags[0] ?? "ES256"}`, async (t) => {
    const fake = await start(t, "--client-secret", SECRET, ...flags);
    const config = await discover(fake, { algorithm: flags.length ? "RS256" : "ES256" });
    const { forgeries } = await fake.api("GET", "faults");
    assert(forgeries.length > 100);
    const codes = {};
    for (const name of forgeries) {
      await fake.fault("token", { fault: "forgery", name });
      codes[name] = await signIn(fake, config).then(
        () => "accepted",
        ({ code }) => code,
      );
    }
    const accepted = forgeries.filter((name) => codes[name] === "accepted");
    assert.deepEqual(accepted, NOT_CHECKED);
    for (const name of forgeries.filter((name) => codes[name] !== "accepted")) {
      assert.match(codes[name] ?? "", CODES[name] ? RegExp(`^${CODES[name]}$`) : /^OAUTH_/, name);
    }
  });
}
