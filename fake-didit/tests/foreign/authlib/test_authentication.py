"""Sign-in at Didit Authentication.

Its token endpoint takes JSON, and no member that it does not document; it knows no `nonce` and has no
userinfo endpoint. A client authentication method of the application's own, as authlib allows it, turns the
form into JSON; all else is the standard client.
"""

import json
from unittest import TestCase
from urllib.parse import parse_qsl

from authlib.integrations.base_client import OAuthError
from joserfc.errors import MissingClaimError

from application import Application
from fake import CLIENT_ID, Fake

SCOPE = "openid email profile offline_access"
CLAIMS = ["sub", "exp", "iat", "sid"]


def json_body(client, method, uri, headers, body):
    """Sends a token request as JSON."""
    members = dict(parse_qsl(body))
    if members["grant_type"] == "authorization_code":
        members["client_id"] = client.client_id
    else:
        members.pop("scope", None)
    body = json.dumps(members)
    headers.update({"Content-Type": "application/json", "Content-Length": str(len(body))})
    return uri, headers, body


class Authentication(TestCase):
    def application(self, fake, method="json", **more):
        options = dict(secret=None, scope=SCOPE, required_claims=CLAIMS, **more)
        parameters = {"token_endpoint_auth_method": method}
        methods = [("json", json_body)]
        return Application(fake, parameters=parameters, client_auth_methods=methods, **options)

    def sign_in(self, application, way="approve"):
        """A sign-in that expects no nonce: authlib sends one, which Didit Authentication ignores."""
        browser, url = application.begin()
        with browser.session_transaction() as session:
            [name] = session
            nonce = session[name]["data"].pop("nonce")
            session.modified = True
        self.assertIn(nonce, url)
        browser.get(getattr(application.fake, way)(url))
        return application.tokens, self.claims(application, application.tokens)

    def claims(self, application, tokens):
        """The claims of an ID token, which are validated except the nonce."""
        checks = {"claims_options": application.claims_options(), "leeway": 0}
        return application.didit.parse_id_token(tokens, nonce=None, **checks)

    def check_sign_in(self, way):
        fake = Fake(self, "--authentication")
        tokens, claims = self.sign_in(self.application(fake), way)
        person = fake.alejandra()
        self.assertEqual(claims["sub"], person["subject"])
        self.assertEqual((claims["iss"], claims["aud"]), (fake.issuer, CLIENT_ID))
        self.assertEqual(claims["verified"], person["members"]["verified"])
        self.assertEqual(tokens["expires_in"], 300)

    def test_a_person_signs_in_through_the_json_api(self):
        self.check_sign_in("approve")

    def test_a_person_signs_in_in_a_browser(self):
        self.check_sign_in("approve_in_browser")

    def test_a_standard_client_fails_at_the_token_endpoint(self):
        fake = Fake(self, "--authentication")
        with self.assertRaises(OAuthError) as refused:
            self.application(fake, method="none").sign_in()
        self.assertEqual(refused.exception.error, "invalid_content_type")
        self.assertEqual(fake.last("token")["problem"], "Content-Type must be application/json")

    def test_the_id_token_lacks_the_nonce_of_the_request(self):
        with self.assertRaises(MissingClaimError) as refused:
            self.application(Fake(self, "--authentication")).sign_in()
        self.assertIn("nonce", str(refused.exception))

    def test_there_is_no_userinfo_endpoint_no_revocation_and_no_end_session_endpoint(self):
        application = self.application(Fake(self, "--authentication"))
        metadata = application.didit.load_server_metadata()
        for name in ["userinfo_endpoint", "revocation_endpoint", "end_session_endpoint"]:
            self.assertNotIn(name, metadata)

    def test_a_refresh_rotates_the_refresh_token_and_returns_an_id_token(self):
        application = self.application(Fake(self, "--authentication"))
        first, claims = self.sign_in(application)
        session = application.session(first, token_endpoint_auth_method="json")
        second = session.refresh_token()
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(self.claims(application, second)["sid"], claims["sid"])
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token(refresh_token=first["refresh_token"])
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_session_is_a_protected_resource_that_delete_ends(self):
        fake = Fake(self, "--authentication")
        application = self.application(fake)
        tokens, claims = self.sign_in(application)
        session = application.session(tokens, token_endpoint_auth_method="json")
        url = f"{fake.issuer}/session/"
        self.assertEqual(session.get(url).json()["sid"], claims["sid"])
        self.assertEqual(session.delete(url).status_code, 204)
        self.assertEqual(session.get(url).status_code, 401)
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token()
        self.assertEqual(refused.exception.error, "invalid_grant")
