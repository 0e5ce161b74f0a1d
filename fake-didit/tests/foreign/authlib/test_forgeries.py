"""Forged ID tokens. The client rejects all of them except those that break rules it does not check."""

from unittest import TestCase

from joserfc import errors

from application import Application
from fake import WITH_SECRET, Fake

# Forgeries that break only rules that authlib does not check.
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

# The nesting limit depends on the version of Python.
DEPENDS_ON_PYTHON = {"PAYLOAD_NESTED"}

# Any other forgery raises another error of joserfc.
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
        for name in sorted(forgeries - NOT_CHECKED - DEPENDS_ON_PYTHON):
            with self.subTest(name):
                fake.fault("token", "forgery", name=name)
                with self.assertRaises(ERRORS.get(name, errors.JoseError)):
                    application.sign_in()
        for name in sorted(NOT_CHECKED):
            with self.subTest(name):
                fake.fault("token", "forgery", name=name)
                application.sign_in()

    def test_forged_id_tokens_are_rejected_with_es256(self):
        self.check_forgeries()

    def test_forged_id_tokens_are_rejected_with_rs256(self):
        self.check_forgeries("--rs256")
