// Makes the seeds of `id_token`, `jwks` and `bearer` with Node.js, whose cryptography is OpenSSL's:
//
//   node fuzz/seeds/make.mjs
//
// Each run makes new keys and all seeds anew. The private keys are kept nowhere: nobody can sign what
// the targets do not know. All tokens end in the year 2100.
import { createHmac, generateKeyPairSync, sign as signature } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

const ec = pair("ec", { namedCurve: "P-256" });
const rsa = pair("rsa", { modulusLength: 2048 });
const stranger = pair("ec", { namedCurve: "P-256" });

const LOGOUT = "http://schemas.openid.net/event/backchannel-logout";
const es256 = { alg: "ES256", kid: "ec" };
const rs256 = { alg: "RS256", kid: "rsa" };
const claims = {
  iss: "https://op.example",
  sub: "user",
  aud: "client-id",
  iat: 1767225600,
  exp: 4102444800,
};
const good = signed(es256, claims);
const [header, payload, goodSignature] = good.split(".");

seeds("id_token", {
  // What `lib.rs` knows as good.
  "good-es256": good,
  "good-es256-twin": `${header}.${payload}.${twin(goodSignature)}`,
  "good-es256-without-kid": signed({ alg: "ES256", typ: "JWT" }, claims),
  "good-rs256": signed(rs256, claims),

  // Nobody's, or a stranger's.
  "alg-none": `${part({ alg: "none" })}.${payload}.`,
  "alg-none-with-a-signature": `${part({ alg: "NoNe" })}.${payload}.${goodSignature}`,
  "hs256-with-the-public-key": hs256(rsa.publicKey.export({ type: "spki", format: "pem" })),
  "stranger": signed(es256, claims, stranger),
  "stranger-unknown-kid": signed({ ...es256, kid: "new" }, claims, stranger),
  "stranger-key-in-header": signed({ ...es256, jwk: jwk(stranger), jku: "https://x.example/" }, claims, stranger),
  "wrong-alg": signed({ ...rs256, alg: "ES256" }, claims, ec),
  "signature-der": signed(es256, claims, ec, "der"),
  "signature-empty": `${header}.${payload}.`,
  "signature-zero": `${header}.${payload}.${"A".repeat(86)}`,
  "payload-swapped": `${header}.${part({ ...claims, sub: "admin" })}.${goodSignature}`,

  // Not a JSON Web Signature of this profile.
  "two-parts": `${header}.${payload}`,
  "five-parts": `${good}.${payload}.${goodSignature}`,
  "padded": `${good}==`,
  "typ-access-token": signed({ ...es256, typ: "at+jwt" }, claims),
  "typ-application": signed({ ...es256, typ: "application/dpop+jwt" }, claims),
  "crit": signed({ ...es256, crit: ["exp"] }, claims),
  "b64-false": signed({ ...es256, b64: false }, claims),
  "kid-number": signed({ ...es256, kid: 7 }, claims),
  "header-member-twice": signed('{"alg":"none","alg":"ES256","kid":"ec"}', claims, ec),
  "payload-member-twice": signed(es256, '{"sub":"a","sub":"b"}'),
  "payload-array": signed(es256, "[]"),

  // Signed, but not acceptable.
  "signed-expired": signed(es256, { ...claims, exp: 1767225601 }),
  "signed-exp-text": signed(es256, { ...claims, exp: "4102444800" }),
  "signed-early": signed(rs256, { ...claims, nbf: 4102444000 }),
  "signed-foreign-issuer": signed(es256, { ...claims, iss: "https://op.example/" }),
  "signed-foreign-audience": signed(es256, { ...claims, aud: ["client-id", "other"], azp: "other" }),
  "signed-no-sub": signed(es256, { ...claims, sub: "" }),
  "signed-at-hash": signed(rs256, { ...claims, at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }),
  "signed-logout": signed(es256, { ...claims, events: { [LOGOUT]: {} } }),

  // Claims alone, for the half of the target that does not look at signatures.
  "claims-good": JSON.stringify(claims),
  "claims-azp": JSON.stringify({ ...claims, aud: ["client-id"], azp: "client-id", nonce: null }),
  "claims-azp-null": JSON.stringify({ ...claims, aud: ["client-id"], azp: null }),
  "claims-two-audiences": JSON.stringify({ ...claims, aud: ["client-id", "other"], azp: "client-id" }),
  "claims-fractions": '{"iss":"https://op.example","sub":"é","aud":"client-id","iat":1.7e9,"exp":253402300799.5,"nbf":0}',
  "claims-raw-value": JSON.stringify({ ...claims, iss: { "$serde_json::private::RawValue": '"https://op.example"' } }),
  "claims-rich": JSON.stringify({ ...claims, email: "a@b.example", email_verified: true, auth_time: 1, acr: "1", c_hash: "x" }),
});

const at = { ...es256, typ: "at+jwt" };
const access = { ...claims, client_id: "client-id", jti: "jti" };
const goodAccess = signed(at, access);
const [accessHeader, accessPayload, accessSignature] = goodAccess.split(".");
// The values of `Authorization`, one a line.
seeds("bearer", {
  // What `lib.rs` knows as good.
  "good": `Bearer ${goodAccess}`,
  "good-twin": `bearer ${accessHeader}.${accessPayload}.${twin(accessSignature)}`,
  "good-rs256": `BEARER ${signed({ ...rs256, typ: "application/AT+JWT" }, { ...access, aud: ["client-id", "other"] })}`,

  "id-token": `Bearer ${good}`,
  "without-typ": `Bearer ${signed(es256, access)}`,
  "without-client-id": `Bearer ${signed(at, { ...access, client_id: "" })}`,
  "without-jti": `Bearer ${signed(at, { ...access, jti: 7 })}`,
  "foreign-audience": `Bearer ${signed(at, { ...access, aud: "other" })}`,
  "foreign-issuer": `Bearer ${signed(at, { ...access, iss: "https://op.example/" })}`,
  "expired": `Bearer ${signed(at, { ...access, exp: 1767225601 })}`,
  "stranger": `Bearer ${signed(at, access, stranger)}`,
  "alg-none": `Bearer ${part({ alg: "none", typ: "at+jwt" })}.${accessPayload}.`,
  "scope-number": `Bearer ${signed(at, { ...access, scope: 7 })}`,
  "twice": `Bearer ${goodAccess}\nBearer ${goodAccess}`,
  "two-schemes": `Basic YTpi\nBearer ${goodAccess}`,
  "joined": `Bearer ${goodAccess}, Bearer ${goodAccess}`,
  "two-spaces": `Bearer  ${goodAccess}`,
  "padded": `Bearer ${goodAccess}==`,
  "opaque": "Bearer YWJj-._~+/==",
  "basic": "Basic YTpi",
  "scheme-alone": "Bearer",
  "longer-scheme": "Bearers x",
  "empty": "",
});

const [ecJwk, rsaJwk] = [jwk(ec, "ec"), jwk(rsa, "rsa")];
const sets = {
  "good": [{ ...ecJwk, alg: "ES256", use: "sig" }, { ...rsaJwk, alg: "RS256", use: "sig" }],
  "no-names": [jwk(ec), jwk(rsa)],
  "secp256r1-without-kid": [{ ...jwk(ec), crv: "secp256r1" }],
  "rsa-for-any-algorithm": [{ ...jwk(rsa), key_ops: ["verify"], alg: null, kid: null }],
  "rsa-modulus-with-a-zero": [{ ...rsaJwk, n: base64url(Buffer.from(`00${hex(rsaJwk.n)}`, "hex")) }],
  "same-name-twice": [jwk(stranger, "ec"), ecJwk],
  "only-strangers": [jwk(stranger, "ec"), jwk(stranger)],
  "for-encryption": [{ ...ecJwk, use: "enc" }, { ...rsaJwk, key_ops: ["encrypt"] }],
  "published-private-key": [{ ...ecJwk, d: "AQAB" }],
  "symmetric": [{ kty: "oct", k: "c2VjcmV0", kid: "ec", alg: "HS256" }],
  "other-algorithm": [{ ...ecJwk, alg: "ES384" }, { ...rsaJwk, alg: "PS256" }],
  "other-types": [{ kty: "OKP", crv: "Ed25519", x: ecJwk.x }, { kty: "EC", crv: "P-521", x: "AA", y: "AA" }],
  "off-curve": [{ ...ecJwk, y: ecJwk.x }, { ...ecJwk, x: `${ecJwk.x}A` }],
  "weak-rsa": [{ ...rsaJwk, e: "AQ" }, { ...rsaJwk, n: rsaJwk.n.slice(0, 170) }, { ...rsaJwk, n: "" }],
  "broken-entries": [null, 1, "x", [], {}, { kty: 1 }, { kty: "RSA" }, { ...ecJwk, kid: 1 }, ecJwk],
  "half-a-character": [ecJwk, { ...rsaJwk, n: "\ud800" }],
  "too-many": Array.from({ length: 65 }, () => ({})),
  "empty": [],
};
const documents = Object.entries(sets).map(([name, keys]) => [name, JSON.stringify({ keys })]);
seeds("jwks", {
  ...Object.fromEntries(documents),
  "keys-twice": `{"keys":[],"keys":[${JSON.stringify(ecJwk)}]}`,
  "member-twice": `{"keys":[${JSON.stringify(ecJwk).replace("{", '{"x":"",')}]}`,
  "more-members": JSON.stringify({ "@context": [{}], keys: sets.good }, null, 2),
  "array": JSON.stringify(sets["no-names"]),
  "array-in-array": JSON.stringify([sets.good]),
  "html": "<!doctype html><title>502</title>",
});

function pair(type, options) {
  return generateKeyPairSync(type, options);
}

function jwk(key, kid) {
  return { ...(kid && { kid }), ...key.publicKey.export({ format: "jwk" }) };
}

function signed(header, payload, key = header.alg === "RS256" ? rsa : ec, dsaEncoding = "ieee-p1363") {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${base64url(signature("sha256", input, { key: key.privateKey, dsaEncoding }))}`;
}

function hs256(key) {
  const input = `${part({ alg: "HS256", kid: "rsa" })}.${payload}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

// Whoever has one ECDSA signature (r, s) has another: (r, n - s).
function twin(text) {
  const bytes = Buffer.from(text, "base64url");
  const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const s = BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const other = (order - s).toString(16).padStart(64, "0");
  return base64url(Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, "hex")]));
}

function part(value) {
  return base64url(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
}

function base64url(bytes) {
  return bytes.toString("base64url");
}

function hex(text) {
  return Buffer.from(text, "base64url").toString("hex");
}

function seeds(target, files) {
  const folder = new URL(`${target}/`, import.meta.url);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(new URL(name, folder), text);
  }
}
