// Forged ID tokens. A certified client refuses all of them, except for what it does not look at.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SECRET, discover, signIn } from "./application.mjs";
import { start } from "./fake.mjs";

/** What breaks only rules that openid-client does not check. */
const NOT_CHECKED = [
  "AudienceExtra", // another audience, where `azp` is the client
  "AuthorizedPartyOther", // `azp` beside a single audience
  "SubjectEmpty",
  "SubjectTooLong",
  "ExpirationHuge",
  "IssuedAtFuture", // up to the client (OpenID Connect Core §3.1.3.7 step 10)
  "AccessTokenHashOther", // optional with a code (§3.1.3.8)
  "AccessTokenHashNumber",
  "CodeHashOther",
  "TypeAccessToken", // `typ` of an ID token is free
  "TypeLogoutToken",
  "UnencodedPayloadNotCritical",
  "PayloadNotUtf8", // JSON and base64 are read as the platform reads them
  "PayloadWithTwoSubjects",
  "PayloadWithTwoExpirations",
  "PayloadNested",
  "PayloadHuge",
  "HeaderWithTwoAlgorithms",
  "PaddedPayload",
  "PaddedSignature",
  "OtherAlphabet",
  "SpaceInPayload",
  "LineBreakInSignature",
  "LineBreakAtEnd",
];

/** How the client names what it refuses; any other forgery is an OAUTH_… of another name. */
const CODES = {
  SignatureOfStranger: "OAUTH_INVALID_RESPONSE",
  PayloadSwapped: "OAUTH_INVALID_RESPONSE",
  AlgorithmNone: "OAUTH_INVALID_RESPONSE",
  HmacEcPem: "OAUTH_INVALID_RESPONSE",
  IssuerOther: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  AudienceOther: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  NonceOther: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  NonceMissing: "OAUTH_INVALID_RESPONSE",
  ExpirationPast: "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  NotBeforeFuture: "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  KeyIdUnknown: "OAUTH_KEY_SELECTION_FAILED",
  CriticalUnknown: "OAUTH_UNSUPPORTED_OPERATION",
  PayloadNotJson: "OAUTH_PARSE_ERROR",
};

for (const flags of [[], ["--rs256"]]) {
  test(`forged ID tokens are refused: ${flags[0] ?? "ES256"}`, async (t) => {
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
