"""A Flask application that signs in with authlib, with its strictest checks on."""

from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect

from fake import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI

SCOPE = "openid offline names email"
REQUIRED_CLAIMS = ["sub", "exp", "iat", "nonce", "at_hash", "auth_time"]


class Application:
    def __init__(
        self,
        fake,
        secret=CLIENT_SECRET,
        scope=SCOPE,
        timeout=30,
        required_claims=REQUIRED_CLAIMS,
        parameters=None,
        **registration,
    ):
        self.fake, self.tokens, self.required_claims = fake, None, required_claims
        self.flask = Flask(__name__)
        self.flask.config.update(SECRET_KEY="of the session's cookie", TESTING=True)
        self.didit = OAuth(self.flask).register(
            "didit",
            client_id=CLIENT_ID,
            client_secret=secret,
            server_metadata_url=fake.discovery,
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "default_timeout": timeout,
                **(parameters or {}),
            },
            **registration,
        )

        @self.flask.get("/sign-in")
        def sign_in():
            return self.didit.authorize_redirect(REDIRECT_URI)

        @self.flask.get("/callback")
        def callback():
            checks = {"claims_options": self.claims_options(), "leeway": 0}
            self.tokens = self.didit.authorize_access_token(**checks)
            return redirect("/")

    def claims_options(self):
        options = {name: {"essential": True} for name in self.required_claims}
        options["iss"] = {"essential": True, "value": self.fake.issuer}
        options["aud"] = {"essential": True, "value": CLIENT_ID}
        return options

    def begin(self):
        """A browser that has started a sign-in, and the authorization request."""
        browser = self.flask.test_client()
        return browser, browser.get("/sign-in").location

    def sign_in(self, approve=None):
        """Signs in; returns the tokens, in which `userinfo` is the ID token's claims."""
        browser, url = self.begin()
        browser.get((approve or self.fake.approve)(url))
        return self.tokens

    def session(self, tokens, **parameters):
        """A session that uses these tokens."""
        metadata = self.didit.load_server_metadata()
        session = OAuth2Session(
            CLIENT_ID, self.didit.client_secret, token=tokens, **parameters, **metadata
        )
        for method in self.didit.client_auth_methods or []:
            session.register_client_auth_method(method)
        return session
