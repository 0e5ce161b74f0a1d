"""Sign-out at the Sign in API, with revocation and the end-session endpoint switched on."""

from unittest import TestCase

import requests
from authlib.integrations.base_client import OAuthError

from application import Application
from fake import WITH_SECRET, Fake

HOME = "http://localhost:3000/"


class SignOut(TestCase):
    def test_revoking_a_refresh_token_revokes_its_access_tokens(self):
        application = Application(Fake(self, *WITH_SECRET, "--with-revocation"))
        tokens = application.sign_in()
        session, metadata = application.session(tokens), application.didit.server_metadata
        revoked = dict(token=tokens["refresh_token"], token_type_hint="refresh_token")
        answer = session.revoke_token(metadata["revocation_endpoint"], **revoked)
        self.assertEqual((answer.status_code, answer.content), (200, b""))

        self.assertEqual(session.get(metadata["userinfo_endpoint"]).status_code, 401)
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token()
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_the_end_session_endpoint_redirects_to_the_application(self):
        flags = ["--with-end-session", "--post-logout-redirect-uri", HOME]
        application = Application(Fake(self, *WITH_SECRET, *flags))
        id_token = application.sign_in()["id_token"]
        ending = application.didit.create_logout_url(HOME, id_token_hint=id_token)
        answer = requests.get(ending["url"], allow_redirects=False, timeout=30)
        self.assertEqual(answer.headers["location"], f"{HOME}?state={ending['state']}")

    def test_neither_endpoint_exists_unless_it_is_switched_on(self):
        application = Application(Fake(self, *WITH_SECRET))
        self.assertNotIn("revocation_endpoint", application.didit.load_server_metadata())
        with self.assertRaisesRegex(RuntimeError, "end_session_endpoint"):
            application.didit.create_logout_url(HOME)
