"""Sign-in at the Sign in API."""

from unittest import TestCase
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.integrations.base_client import MismatchingStateError, OAuthError
from joserfc.errors import UnsupportedAlgorithmError

from application import Application
from fake import CLIENT_ID, WITH_SECRET, Fake


class SignIn(TestCase):
    def check_sign_in(self, way):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        tokens = application.sign_in(getattr(fake, way))

        person, claims = fake.alejandra(), tokens["userinfo"]
        self.assertEqual(claims["sub"], person["subject"])
        self.assertEqual((claims["iss"], claims["aud"]), (fake.issuer, CLIENT_ID))
        self.assertEqual((tokens["token_type"], tokens["expires_in"]), ("Bearer", 3600))

        user_info = application.didit.userinfo(token=tokens)
        self.assertEqual(user_info["sub"], person["subject"])
        self.assertEqual(user_info["names"], person["members"]["names"])
        self.assertNotIn("phone", user_info, "it was not asked for")

    def test_a_person_signs_in_through_the_json_api(self):
        self.check_sign_in("approve")

    def test_a_person_signs_in_in_a_browser(self):
        self.check_sign_in("approve_in_browser")

    def test_the_secret_may_be_sent_in_the_body(self):
        fake = Fake(self, *WITH_SECRET, "--client-secret-post")
        in_the_body = {"token_endpoint_auth_method": "client_secret_post"}
        Application(fake, parameters=in_the_body).sign_in()
        with self.assertRaises(OAuthError) as refused:
            Application(fake).sign_in()
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_a_wrong_secret_is_rejected(self):
        with self.assertRaises(OAuthError) as refused:
            Application(Fake(self, *WITH_SECRET), secret="another").sign_in()
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_a_public_client_signs_in_with_pkce_alone(self):
        fake = Fake(self, "--public")
        application = Application(fake, secret=None)
        self.assertEqual(application.sign_in()["userinfo"]["aud"], CLIENT_ID)

    def test_a_code_works_once(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        browser, url = application.begin()
        callback = fake.approve(url)
        with browser.session_transaction() as session:
            kept = dict(session)
        browser.get(callback)
        with browser.session_transaction() as session:
            session.update(kept)
        with self.assertRaises(OAuthError) as refused:
            browser.get(callback)
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_callback_in_another_browser_is_rejected(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        _, url = application.begin()
        other, _ = application.begin()
        with self.assertRaises(MismatchingStateError):
            other.get(fake.approve(url))
        self.assertEqual(fake.count("token"), 0)

    def test_a_response_with_an_issuer_is_accepted(self):
        # authlib does not check the `iss` of an authorization response (RFC 9207).
        fake = Fake(self, *WITH_SECRET, "--with-iss")
        Application(fake).sign_in()

    def test_the_algorithm_of_id_tokens_is_in_the_metadata(self):
        fake = Fake(self, *WITH_SECRET, "--rs256")
        Application(fake).sign_in()
        application = Application(fake)
        application.didit.load_server_metadata()["id_token_signing_alg_values_supported"] = ["ES256"]
        with self.assertRaises(UnsupportedAlgorithmError):
            application.sign_in()

    def test_a_person_who_declines_is_not_signed_in(self):
        fake = Fake(self, *WITH_SECRET)
        with self.assertRaises(OAuthError) as refused:
            Application(fake).sign_in(fake.decline)
        self.assertEqual(refused.exception.error, "access_denied")

    def test_a_public_client_without_pkce_is_rejected(self):
        fake = Fake(self, "--public")
        _, url = Application(fake, secret=None).begin()
        query = parse_qs(urlsplit(url).query)
        self.assertEqual(query.pop("code_challenge_method"), ["S256"])
        del query["code_challenge"]
        plain = f"{url.partition('?')[0]}?{urlencode(query, doseq=True)}"
        with self.assertRaisesRegex(AssertionError, "code_challenge"):
            fake.approve(plain)
