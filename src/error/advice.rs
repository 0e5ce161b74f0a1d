//! What a person is told of an error.

/// What a page says.
pub(crate) struct Advice {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) next_page: NextPage,
}

/// Where a page leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextPage {
    /// A sign-in helps: a person who opens a page is sent there at once.
    SignIn,
    /// To another sign-in.
    TryAgain,
    /// To the same address, where that can be asked for again; else to another sign-in.
    Reload,
    LandingPage,
}

pub(super) const DECLINED: Advice = Advice {
    title: "The sign-in was declined",
    text: "If that was not what you wanted, try again.",
    next_page: NextPage::TryAgain,
};

pub(super) const STRONGER: Advice = Advice {
    title: "Please sign in again",
    text: "This site needs a fresh or a stronger proof of who you are than your last one.",
    next_page: NextPage::TryAgain,
};

pub(super) const BAD_LINK: Advice = Advice {
    title: "This sign-in link does not work",
    text: "It was not started in this browser, or it is no longer valid. Please sign in again.",
    next_page: NextPage::TryAgain,
};

pub(super) const TOO_LONG: Advice = Advice {
    title: "The sign-in took too long",
    text: "For your safety a sign-in has to be finished within 20 minutes. Please try again.",
    next_page: NextPage::TryAgain,
};

pub(super) const USED_BEFORE: Advice = Advice {
    title: "This sign-in link was used before",
    text: "It works once. If you are not signed in, please sign in again.",
    next_page: NextPage::TryAgain,
};

pub(super) const REPLAYED: Advice = Advice {
    title: "This sign-in was completed before",
    text: "A second confirmation came for it, which may be of another account. It was not used. Please sign in \
           again.",
    next_page: NextPage::TryAgain,
};

pub(super) const NOT_KEPT: Advice = Advice {
    title: "Your browser did not keep the sign-in",
    text: "You have signed in, but this site does not see it. Most likely your browser blocks this site's \
           cookies, or sends an old one: allow or delete them, and try again in half a minute.",
    next_page: NextPage::TryAgain,
};

pub(super) const STILL_SIGNED_IN: Advice = Advice {
    title: "You are still signed in",
    text: "Another site asked to sign you out. If it was you, sign out from a page of this site.",
    next_page: NextPage::LandingPage,
};

pub(super) const WRONG_WAY: Advice = Advice {
    title: "This page cannot be opened like that",
    text: "Please go back to the site and follow its links.",
    next_page: NextPage::LandingPage,
};

pub(super) const SIGN_IN: Advice = Advice {
    title: "Please sign in first",
    text: "You are not signed in, or not any more. What you sent was not taken: sign in, go back and send \
           it again.",
    next_page: NextPage::SignIn,
};

pub(super) const SIGN_IN_AGAIN: Advice = Advice {
    title: "Please sign in again",
    text: "The sign-in service does not confirm your sign-in any more. If you sent something, it was not \
           taken: sign in, go back and send it again.",
    next_page: NextPage::SignIn,
};

pub(super) const NOT_SET_UP: Advice = Advice {
    title: "Sign-in is not set up correctly",
    text: "This site and its sign-in service do not agree. Please tell the people who run this site.",
    next_page: NextPage::TryAgain,
};

pub(super) const NOT_UNDERSTOOD: Advice = Advice {
    title: "The sign-in could not be completed",
    text: "The sign-in service answered in a way that this site does not understand. Please try again in a \
           moment.",
    next_page: NextPage::TryAgain,
};

pub(super) const NOT_CONFIRMED: Advice = Advice {
    title: "The sign-in could not be completed",
    text: "Its confirmation was no longer valid. Please try again.",
    next_page: NextPage::TryAgain,
};

pub(super) const NO_ANSWER: Advice = Advice {
    title: "Sign-in is not available right now",
    text: "The sign-in service does not answer. Please try again in a moment.",
    next_page: NextPage::TryAgain,
};

pub(super) const CROWDED: Advice = Advice {
    title: "Many people are signing in right now",
    text: "Please try again in a moment.",
    next_page: NextPage::Reload,
};

pub(super) const UNAVAILABLE: Advice = Advice {
    title: "This page is not available right now",
    text: "The site cannot tell who is signed in. Please try again in a moment.",
    next_page: NextPage::Reload,
};
