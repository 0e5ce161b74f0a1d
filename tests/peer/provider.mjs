// An OpenID provider that this project did not write: npm's `oidc-provider`, with its routes set to
// Didit's paths. It also revokes tokens and ends sessions, which Didit does not. tests/processes/ drives
// it; a person can start it too:
//
//   cd tests/peer && npm ci && INTERACTIVE=1 PORT=4000 node provider.mjs
//
//   CLIENT_ID, CLIENT_SECRET   the one client (`peer-client`, `peer-secret`)
//   REDIRECT_URI               its only redirect URI (`http://127.0.0.1:3000/callback`)
//   ACCOUNT                    who signs in (`alejandra`); a request's `login_hint` goes before it
//   KEYS                       how ID tokens are signed: RS256 (the default) or ES256
//   AUTH_METHOD                how the client proves itself, and the only way that the metadata names:
//                              client_secret_basic (the default), client_secret_post, or none (no secret)
//   PORT                       0, the default, picks a free one
//   INTERACTIVE                1 shows pages to click through; else they are answered by the code below
//
// `POST /control/rotate` replaces the signing key: the old one is gone at once, all else stays.
//
// On stdout: `listening on http://127.0.0.1:PORT` once it accepts, then `METHOD PATH STATUS` for each
// request it has answered. It exits when its stdin closes, so that it never outlives a killed test.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const {
  CLIENT_ID = 'peer-client',
  CLIENT_SECRET = 'peer-secret',
  REDIRECT_URI = 'http://127.0.0.1:3000/callback',
  ACCOUNT = 'alejandra',
  KEYS = 'RS256',
  AUTH_METHOD = 'client_secret_basic',
  PORT = '0',
} = process.env;
const interactive = process.env.INTERACTIVE === '1';

const scopes = ['openid', 'offline', 'offline_access', 'email', 'names'];

const configuration = {
  routes: {
    authorization: '/auth/v2/authorize',
    token: '/auth/v2/token',
    userinfo: '/auth/v2/users/retrieve',
    introspection: '/auth/v2/introspect',
    jwks: '/auth/config/jwks',
    revocation: '/auth/v2/revoke',
    end_session: '/auth/v2/logout',
  },
  clients: [{
    client_id: CLIENT_ID,
    ...(AUTH_METHOD !== 'none' && { client_secret: CLIENT_SECRET }),
    redirect_uris: [REDIRECT_URI],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: AUTH_METHOD,
    id_token_signed_response_alg: KEYS,
  }],
  clientAuthMethods: [AUTH_METHOD],
  scopes,
  claims: { openid: ['sub'], email: ['email'], names: ['names'] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => claims(id) }),
  // Didit calls the scope for a refresh token `offline`.
  issueRefreshToken: (_ctx, client, { scopes: granted }) =>
    client.grantTypeAllowed('refresh_token') && (granted.has('offline') || granted.has('offline_access')),
  pkce: { required: () => true },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 1200, RefreshToken: 86400, Session: 86400 },
  features: { devInteractions: { enabled: interactive }, introspection: { enabled: true }, revocation: { enabled: true } },
  ...(!interactive && {
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: grantWhatIsAskedFor,
  }),
};

// User information, shaped as Didit's.
function claims(sub) {
  const first_name = sub.charAt(0).toUpperCase() + sub.slice(1);
  return {
    sub,
    email: { email: `${sub}@example.com`, is_verified: true, is_primary: true },
    names: { first_name, family_name: 'Rosas', full_name: `${first_name} Rosas`, is_verified: true },
  };
}

function signingKey() {
  const { privateKey } = KEYS === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: KEYS, use: 'sig' };
}

// Consent, without a page to click.
async function grantWhatIsAskedFor({ oidc: { provider, client, session, params } }) {
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

// The login page, without a page to click.
async function signIn(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const login = { accountId: params.login_hint ?? ACCOUNT };
  await provider.interactionFinished(request, response, { login });
}

// Where a client proves itself.
const provesItself = [configuration.routes.token, configuration.routes.revocation];

// oidc-provider takes a secret from the header and from the body, whichever is the client's way.
function usesBasic({ headers }) {
  return headers.authorization?.startsWith('Basic ') ?? false;
}

// oidc-provider's own notices belong on stderr: stdout is for whoever drives this.
console.info = console.warn;

const server = createServer();
server.listen(Number(PORT), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let provider;
  let answer;
  const rotate = () => {
    provider = new Provider(issuer, { ...configuration, jwks: { keys: [signingKey()] } });
    answer = provider.callback();
  };
  rotate();

  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url, issuer);
    response.on('finish', () => console.log(`${request.method} ${pathname} ${response.statusCode}`));
    if (request.method === 'POST' && pathname === '/control/rotate') {
      rotate();
      response.writeHead(204).end();
    } else if (provesItself.includes(pathname) && usesBasic(request) !== (AUTH_METHOD === 'client_secret_basic')) {
      response.writeHead(401).end();
    } else if (!interactive && pathname.startsWith('/interaction/')) {
      signIn(provider, request, response).catch((error) => response.writeHead(400).end(error.message));
    } else {
      answer(request, response);
    }
  });

  console.log(`listening on ${issuer}`);
});

process.stdin.resume().on('close', () => process.exit(0));
