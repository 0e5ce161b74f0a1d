"""Changes of the keys that sign ID tokens."""

from unittest import TestCase

from application import Application
from fake import WITH_SECRET, Fake


class Keys(TestCase):
    def test_a_key_that_was_announced_is_known_before_it_signs(self):
        fake = Fake(self, *WITH_SECRET)
        application = Application(fake)
        fake.api("POST", "keys", {"action": "announce"})
        application.sign_in()
        fake.api("POST", "keys", {"action": "rotate_gently"})
        application.sign_in()
        self.assertEqual(fake.count("jwks"), 1)

    def test_a_key_that_is_unknown_is_fetched(self):
        for action in ["rotate_gently", "rotate"]:
            with self.subTest(action):
                fake = Fake(self, *WITH_SECRET)
                application = Application(fake)
                application.sign_in()
                fake.api("POST", "keys", {"action": action})
                application.sign_in()
                self.assertEqual(fake.count("jwks"), 2)
