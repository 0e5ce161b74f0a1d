"""Forged ID tokens. The client refuses all of them, except for what it does not look at."""

from unittest import TestCase

from joserfc import errors

from application import Application
from fake import WITH_SECRET, Fake

# What breaks only rules that authlib does not check.
NOT_CHECKED = {
    "AUDIENCE_EXTRA",  # another audience, where `azp` is the client
    "SUBJECT_TOO_LONG",
    "EXPIRATION_HUGE",
    "CODE_HASH_OTHER",
    "TYPE_ACCESS_TOKEN",  # `typ` of an ID token is free
    "TYPE_LOGOUT_TOKEN",
    "CRITICAL_EMPTY",
    "PAYLOAD_DUPLICATE_SUBJECT",  # JSON is read as Python reads it
    "PAYLOAD_DUPLICATE_EXPIRATION",
    "HEADER_DUPLICATE_ALGORITHM",
}

# How deep is too deep is up to Python's version.
UP_TO_PYTHON = {"PAYLOAD_NESTED"}

# Any other forgery is another error of joserfc's.
ERRORS = {
    "SIGNATURE_BY_OTHER_KEY": errors.BadSignatureError,
    "PAYLOAD_SWAPPED": errors.BadSignatureError,
    "ALGORITHM_NONE": errors.UnsupportedAlgorithmError,
    "HMAC_EC_PEM": errors.UnsupportedAlgorithmError,
    "ISSUER_OTHER": errors.InvalidClaimError,
    "AUDIENCE_OTHER": errors.InvalidClaimError,
    "NONCE_OTHER": errors.InvalidClaimError,
    "NONCE_MISSING": errors.MissingClaimError,
    "ACCESS_TOKEN_HASH_OTHER": errors.InvalidClaimError,
    "EXPIRATION_PAST": errors.ExpiredTokenError,
    "ISSUED_AT_FUTURE": errors.InvalidClaimError,
    "KEY_ID_UNKNOWN": errors.InvalidKeyIdError,
    "CRITICAL_UNKNOWN": errors.UnsupportedHeaderError,
    "PAYLOAD_NOT_JSON": errors.InvalidPayloadError,
}


class Forgeries(TestCase):
    def check_forgeries(self, *flags):
        fake = Fake(self, *WITH_SECRET, *flags)
        application = Application(fake)
        forgeries = set(fake.api("GET", "faults")["forgeries"])
        self.assertGreater(len(forgeries), 100)
        for name in sorted(forgeries - NOT_CHECKED - UP_TO_PYTHON):
            with self.subTest(name):
                fake.fault("token", "forgery", name=name)
                with self.assertRaises(ERRORS.get(name, errors.JoseError)):
                    application.sign_in()
        for name in sorted(NOT_CHECKED):
            with self.subTest(name):
                fake.fault("token", "forgery", name=name)
                application.sign_in()

    def test_forged_id_tokens_are_refused_with_es256(self):
        self.check_forgeries()

    def test_forged_id_tokens_are_refused_with_rs256(self):
        self.check_forgeries("--rs256")
