"""The errors that the client raises at faults."""

from unittest import TestCase

import requests
from authlib.integrations.base_client import OAuthError
from requests.exceptions import HTTPError, ReadTimeout

from application import Application
from fake import WITH_SECRET, Fake

# Faults for any endpoint that responds with JSON.
BROKEN_ANSWERS = [
    ({"fault": "html"}, ValueError),
    ({"fault": "html", "status": 502}, HTTPError),
    ({"fault": "error", "code": "server_error", "status": 500}, HTTPError),
    ({"fault": "truncated"}, ValueError),
    ({"fault": "empty"}, ValueError),
    ({"fault": "silence"}, ReadTimeout),
]


def timeout(error):
    """The timeout in seconds: short for a response that never arrives."""
    return 1 if error is ReadTimeout else 30


class Faults(TestCase):
    def assert_refused(self, error, code, action):
        with self.assertRaises(error) as refused:
            action()
        self.assertEqual(getattr(refused.exception, "error", None), code)

    def check_sign_in_with_a_broken_answer(self, endpoint):
        fake = Fake(self, *WITH_SECRET)
        for fault, error in BROKEN_ANSWERS:
            with self.subTest(**fault):
                application = Application(fake, timeout=timeout(error))
                fake.fault(endpoint, **fault)
                self.assert_refused(error, None, application.sign_in)
                application.sign_in()

    def test_broken_metadata(self):
        self.check_sign_in_with_a_broken_answer("discovery")

    def test_a_broken_token_response(self):
        self.check_sign_in_with_a_broken_answer("token")

    def test_a_broken_key_set(self):
        self.check_sign_in_with_a_broken_answer("jwks")

    def test_broken_user_information(self):
        fake = Fake(self, *WITH_SECRET)
        for fault, error in BROKEN_ANSWERS:
            with self.subTest(**fault):
                application = Application(fake, timeout=timeout(error))
                tokens = application.sign_in()
                fake.fault("user_info", **fault)
                self.assert_refused(error, None, lambda: application.didit.userinfo(token=tokens))
                application.didit.userinfo(token=tokens)

    def test_the_client_raises_the_injected_error_of_each_grant(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        session = application.session(application.sign_in())
        for grant in [application.sign_in, session.refresh_token]:
            fake.fault("token", "error", code="invalid_grant")
            self.assert_refused(OAuthError, "invalid_grant", grant)

    def test_an_injected_error_of_the_authorization_request_is_in_the_callback(self):
        fake = Fake(self, *WITH_SECRET)
        browser, url = Application(fake).begin()
        fake.fault("authorize", "error", code="temporarily_unavailable")
        answer = requests.get(url, allow_redirects=False, timeout=30)
        callback = answer.headers["location"]
        self.assert_refused(OAuthError, "temporarily_unavailable", lambda: browser.get(callback))

    def test_a_product_that_is_switched_off_is_an_error(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        tokens = application.sign_in()
        fake.api("POST", "product", {"on": False})
        self.assert_refused(HTTPError, None, lambda: application.didit.userinfo(token=tokens))
        fake.api("POST", "product", {"on": True})
        application.didit.userinfo(token=tokens)
