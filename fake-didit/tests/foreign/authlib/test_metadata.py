"""The metadata document, checked by authlib's validator."""

from unittest import TestCase

import requests
from authlib.oauth2 import rfc9207
from authlib.oidc import rpinitiated
from authlib.oidc.discovery import OpenIDProviderMetadata

from fake import WITH_SECRET, Fake

EXTENSIONS = [rfc9207.AuthorizationServerMetadata, rpinitiated.OpenIDProviderMetadata]


class Metadata(TestCase):
    def metadata(self, *flags):
        document = requests.get(Fake(self, *flags).discovery, timeout=30)
        self.assertEqual(document.headers["content-type"], "application/json")
        return OpenIDProviderMetadata(document.json())

    def test_the_document_of_the_sign_in_api_is_valid(self):
        everything = ["--with-iss", "--with-revocation", "--with-end-session", "--rs256"]
        for flags in [WITH_SECRET, [*WITH_SECRET, *everything], ["--public"]]:
            with self.subTest(flags):
                self.metadata(*flags).validate(metadata_classes=EXTENSIONS)

    def test_the_document_of_didit_authentication_is_valid_except_for_rs256(self):
        metadata = self.metadata("--authentication")
        with self.assertRaisesRegex(ValueError, '"RS256" MUST be included'):
            metadata.validate(metadata_classes=EXTENSIONS)
        metadata["id_token_signing_alg_values_supported"].append("RS256")
        metadata.validate(metadata_classes=EXTENSIONS)
