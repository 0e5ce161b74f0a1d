"""Identity verification: sessions over HTTP, and webhooks whose signatures Python verifies."""

import hmac
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from unittest import TestCase

import requests

from fake import WITH_SECRET, Fake

SECRET = "the secret of the destination"
PERSON = {"subject": "u-1", "first_name": "José", "family_name": "日本 😀", "birth_date": "1990-05-01"}


class Receiver:
    """An application that receives webhooks, for the duration of a test."""

    def __init__(self, test):
        self.webhooks = Queue()
        webhooks = self.webhooks

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(204)
                self.end_headers()
                webhooks.put((self.headers, body))

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}/webhook"

    def next(self):
        return self.webhooks.get(timeout=30)


def signature(message):
    return hmac.digest(SECRET.encode(), message, "sha256").hex()


def canonical(event):
    """The message of `X-Signature-V2`; the fake's events have no whole floats."""
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


class Verification(TestCase):
    def start(self):
        self.receiver = Receiver(self)
        webhooks = ["--webhook", self.receiver.url, "--webhook-secret", SECRET]
        self.fake = Fake(self, *WITH_SECRET, *webhooks)
        self.fake.api("POST", "people", PERSON)

    def didit(self, method, path, body=None):
        """Sends a request to Didit's API."""
        headers = {"x-api-key": "fake-api-key"}
        url = f"{self.fake.issuer}/v3/{path}"
        response = requests.request(method, url, json=body, headers=headers, timeout=30)
        self.assertTrue(response.ok, response.text)
        return response.json()

    def create(self):
        workflow = self.fake.api("GET", "state")["verification"]["workflow_id"]
        return self.didit("POST", "session/", {"workflow_id": workflow, "vendor_data": "u-1"})

    def end(self, session, scenario):
        change = {"session_id": session["session_id"], "scenario": scenario}
        self.fake.api("POST", "verifications", change)

    def test_a_person_is_verified(self):
        self.start()
        session = self.create()
        self.end(session, "approve")
        decision = self.didit("GET", f"session/{session['session_id']}/decision/")
        self.assertEqual(decision["status"], "Approved")
        self.assertEqual(decision["id_verifications"][0]["full_name"], "José 日本 😀")

    def test_webhooks_have_both_signatures(self):
        self.start()
        self.end(self.create(), "approve")
        for status in ["Not Started", "In Progress", "Approved"]:
            headers, body = self.receiver.next()
            event = json.loads(body)
            self.assertEqual(event["status"], status)
            self.assertEqual(headers["x-timestamp"], str(event["timestamp"]))
            self.assertEqual(headers["x-signature"], signature(body))
            self.assertEqual(headers["x-signature-v2"], signature(canonical(event)))
            simple = "{timestamp}:{session_id}:{status}:{webhook_type}".format(**event)
            self.assertEqual(headers["x-signature-simple"], signature(simple.encode()))

    def test_forged_webhooks_have_no_valid_signature(self):
        for fault in ["TAMPERED", "WRONG_SECRET"]:
            with self.subTest(fault):
                self.start()
                self.fake.api("POST", "webhooks", {"fault": fault})
                self.create()
                headers, body = self.receiver.next()
                self.assertNotEqual(headers["x-signature"], signature(body))
                self.assertNotEqual(headers["x-signature-v2"], signature(canonical(json.loads(body))))
