"""Forged ID tokens. The client refuses all of them, except for what it does not look at."""

from unittest import TestCase

from joserfc import errors

from application import Application
from fake import WITH_SECRET, Fake

# What breaks only rules that authlib does not check.
NOT_CHECKED = {
    "AudienceExtra",  # another audience, where `azp` is the client
    "SubjectTooLong",
    "ExpirationHuge",
    "CodeHashOther",
    "TypeAccessToken",  # `typ` of an ID token is free
    "TypeLogoutToken",
    "CriticalEmpty",
    "PayloadWithTwoSubjects",  # JSON is read as Python reads it
    "PayloadWithTwoExpirations",
    "HeaderWithTwoAlgorithms",
}

# How deep is too deep is up to Python's version.
UP_TO_PYTHON = {"PayloadNested"}

# Any other forgery is another error of joserfc's.
ERRORS = {
    "SignatureOfStranger": errors.BadSignatureError,
    "PayloadSwapped": errors.BadSignatureError,
    "AlgorithmNone": errors.UnsupportedAlgorithmError,
    "HmacEcPem": errors.UnsupportedAlgorithmError,
    "IssuerOther": errors.InvalidClaimError,
    "AudienceOther": errors.InvalidClaimError,
    "NonceOther": errors.InvalidClaimError,
    "NonceMissing": errors.MissingClaimError,
    "AccessTokenHashOther": errors.InvalidClaimError,
    "ExpirationPast": errors.ExpiredTokenError,
    "IssuedAtFuture": errors.InvalidClaimError,
    "KeyIdUnknown": errors.InvalidKeyIdError,
    "CriticalUnknown": errors.UnsupportedHeaderError,
    "PayloadNotJson": errors.InvalidPayloadError,
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
