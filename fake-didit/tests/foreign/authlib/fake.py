"""The program fake-didit, its JSON API, and the people who sign in at it."""

import os
import re
import subprocess
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

CLIENT_ID = "app"
CLIENT_SECRET = "secret"
REDIRECT_URI = "http://localhost:3000/callback"
WITH_SECRET = ["--client-secret", CLIENT_SECRET]


class Fake:
    """The program, whose path is in the environment variable FAKE_DIDIT, for the duration of a test."""

    def __init__(self, test, *flags):
        own = ["--listen", "127.0.0.1:0", "--client-id", CLIENT_ID, "--redirect-uri", REDIRECT_URI]
        program = subprocess.Popen(
            [os.environ["FAKE_DIDIT"], *own, *flags], stdout=subprocess.PIPE, text=True
        )
        test.addCleanup(program.stdout.close)
        test.addCleanup(program.wait)
        test.addCleanup(program.kill)
        found = (re.match(r"Issuer +(\S+)$", line) for line in program.stdout)
        self.issuer = next(filter(None, found))[1]

    @property
    def discovery(self):
        return f"{self.issuer}/.well-known/openid-configuration"

    def api(self, method, path, body=None):
        """Sends a request to the JSON API."""
        response = requests.request(method, f"{self.issuer}/fake/api/{path}", json=body, timeout=30)
        assert response.ok, response.text
        return response.json()

    def fault(self, endpoint, fault, **more):
        """Injects a fault into the next request to an endpoint."""
        self.api("POST", "faults", {"endpoint": endpoint, "fault": fault, **more})

    def alejandra(self):
        """The first person on the sign-in page."""
        return self.api("GET", "people")["people"][0]

    def approve(self, url):
        """Approves an authorization request through the JSON API; returns the URL of the callback."""
        approval = {"authorization_url": url, "subject": self.alejandra()["subject"]}
        return self.api("POST", "approve", approval)["redirect_url"]

    def approve_in_browser(self, url):
        """Approves an authorization request like a browser: opens the page and sends its form."""
        page = requests.get(url, timeout=30)
        page.raise_for_status()
        form = ApprovalForm(page.text)
        fields = {**form.fields, "person": self.alejandra()["subject"]}
        response = requests.post(
            urljoin(url, form.action), data=fields, allow_redirects=False, timeout=30
        )
        return response.headers["location"]

    def decline(self, url):
        """Declines an authorization request."""
        return self.api("POST", "decline", {"authorization_url": url})["redirect_url"]

    def count(self, endpoint):
        """The number of requests to an endpoint."""
        endpoints = self.api("GET", "state")["endpoints"]
        return next(known["requests"] for known in endpoints if known["name"] == endpoint)

    def last(self, endpoint):
        """The last recorded request to an endpoint."""
        recorded = self.api("GET", "requests")["requests"]
        return [request for request in recorded if request["endpoint"] == endpoint][-1]


class ApprovalForm(HTMLParser):
    """The form of the sign-in page with a button for each person."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self._is_inside = None, {}, False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self._is_inside = attributes["action"].endswith("/approve")
            if self._is_inside:
                self.action = attributes["action"]
        elif tag == "input" and self._is_inside:
            self.fields[attributes["name"]] = attributes["value"]
