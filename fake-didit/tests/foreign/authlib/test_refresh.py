"""Refresh at the Sign in API."""

from unittest import TestCase

from authlib.integrations.base_client import OAuthError

from application import Application
from fake import WITH_SECRET, Fake


class Refresh(TestCase):
    def assert_refused(self, session, token, error="invalid_grant", **more):
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token(refresh_token=token, **more)
        self.assertEqual(refused.exception.error, error)

    def test_a_refresh_token_is_reusable(self):
        application = Application(Fake(self, *WITH_SECRET))
        tokens = application.sign_in()
        old, session = tokens["refresh_token"], application.session(tokens)
        access_tokens = {session.refresh_token(refresh_token=old)["access_token"] for _ in range(2)}
        self.assertEqual(len(access_tokens), 2)
        self.assertEqual(session.token["refresh_token"], old)
        narrow = session.refresh_token(refresh_token=old, scope="openid email")
        self.assertEqual(narrow["scope"], "openid email")
        self.assert_refused(session, old, "invalid_scope", scope="openid phone")

    def test_a_request_refreshes_an_access_token_that_expires_within_a_minute(self):
        fake = Fake(self, *WITH_SECRET, "--access-token-lifetime", "30s")
        application = Application(fake)
        old = application.sign_in()
        updates = []
        session = application.session(
            old, update_token=lambda token, refresh_token: updates.append(token)
        )
        endpoint = application.didit.server_metadata["userinfo_endpoint"]
        answer = session.get(endpoint)
        self.assertEqual(answer.json()["sub"], old["userinfo"]["sub"])
        self.assertEqual([token["access_token"] for token in updates], [session.token["access_token"]])
        self.assertNotEqual(session.token["access_token"], old["access_token"])

        fake.api("POST", "clock", {"advance": 30})
        used = session.token["access_token"]
        old_one = application.session({"access_token": used, "token_type": "Bearer"})
        self.assertEqual(old_one.get(endpoint).status_code, 401)

    def test_a_rotating_refresh_token_works_once_and_its_reuse_revokes_the_grant(self):
        application = Application(Fake(self, *WITH_SECRET, "--rotate-refresh-tokens"))
        tokens = application.sign_in()
        first, session = tokens["refresh_token"], application.session(tokens)
        second = session.refresh_token()["refresh_token"]
        third = session.refresh_token()["refresh_token"]
        self.assertEqual(len({first, second, third}), 3)
        self.assert_refused(session, first)
        self.assert_refused(session, third)

    def test_a_refresh_token_expires_and_all_of_them_can_be_revoked(self):
        fake = Fake(self, *WITH_SECRET, "--refresh-token-lifetime", "1h")
        application = Application(fake)
        tokens = application.sign_in()
        fake.api("POST", "revocation", {})
        self.assert_refused(application.session(tokens), tokens["refresh_token"])

        tokens = application.sign_in()
        fake.api("POST", "clock", {"advance": "1h"})
        self.assert_refused(application.session(tokens), tokens["refresh_token"])
