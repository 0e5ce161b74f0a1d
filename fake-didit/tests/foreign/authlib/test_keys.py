"""Rotation of the signing keys."""

from unittest import TestCase

from application import Application
from fake import WITH_SECRET, Fake


class Keys(TestCase):
    def test_an_announced_key_is_known_before_it_signs(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        fake.api("POST", "keys", {"action": "announce"})
        application.sign_in()
        fake.api("POST", "keys", {"action": "rotate_gently"})
        application.sign_in()
        self.assertEqual(fake.count("jwks"), 1)

    def test_an_unknown_key_is_fetched(self):
        for action in ["rotate_gently", "rotate"]:
            with self.subTest(action):
                fake = Fake(self, *WITH_SECRET)
                application = Application(fake)
                application.sign_in()
                fake.api("POST", "keys", {"action": action})
                application.sign_in()
                self.assertEqual(fake.count("jwks"), 2)
