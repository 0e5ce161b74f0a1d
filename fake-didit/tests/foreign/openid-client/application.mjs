// An application that signs in with openid-client, with its strictest checks on.

import * as client from "openid-client";

import { CLIENT_ID, REDIRECT_URI } from "./fake.mjs";

export const SECRET = "s3cret: +&=% ü"; // form-urlencoded in the Authorization header (RFC 6749 §2.3.1)

/** Discovers a fake of the Sign in API; the default `authentication` is that of a confidential client. */
export function discover(fake, { authentication, algorithm = "ES256", execute = [], ...options } = {}) {
  return client.discovery(
    new URL(fake.issuer),
    CLIENT_ID,
    { id_token_signed_response_alg: algorithm },
    authentication ?? client.ClientSecretBasic(SECRET),
    {
      // The program serves HTTP. The client checks signatures of ID tokens only on demand.
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...execute],
      ...options,
    },
  );
}

/** A pending sign-in: the values that an application stores until the callback. */
export class SignIn {
  static async begin(config, { scope = "openid offline names email", ...parameters } = {}) {
    const begun = new SignIn();
    begun.config = config;
    begun.checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      idTokenExpected: true,
    };
    begun.url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope,
      state: begun.checks.expectedState,
      nonce: begun.checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(begun.checks.pkceCodeVerifier),
      code_challenge_method: "S256",
      ...parameters,
    });
    return begun;
  }

  /** Exchanges the code of a callback; `checks` replaces some of the expectations. */
  finish(callback, checks) {
    return client.authorizationCodeGrant(this.config, callback, { ...this.checks, ...checks });
  }
}

/** Signs in. */
export async function signIn(fake, config, parameters) {
  const begun = await SignIn.begin(config, parameters);
  return begun.finish(await fake.approve(begun.url));
}
