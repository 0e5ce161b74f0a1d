//! What the built-in page says to a person.

use NextPage::{LandingPage, Reload, SignIn, TryAgain};

pub(crate) struct Advice {
    pub(crate) next_page: NextPage,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
}

/// Where the page leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextPage {
    /// To a sign-in. A person who opens a page goes there at once, without this page.
    SignIn,
    /// To another sign-in.
    TryAgain,
    /// To the same address if that can be asked for again, else to another sign-in.
    Reload,
    LandingPage,
}

#[rustfmt::skip]
impl Advice {
    pub(super) const DECLINED: Self = Self { next_page: TryAgain, title: "The sign-in was declined",
        text: "If that was not what you wanted, try again." };
    pub(super) const STRONGER: Self = Self { next_page: TryAgain, title: "Please sign in again",
        text: "This site needs a fresh or a stronger proof of who you are than your last one." };
    pub(super) const BAD_LINK: Self = Self { next_page: TryAgain, title: "This sign-in link does not work",
        text: "It was not started in this browser, or it is no longer valid. Please sign in again." };
    pub(super) const TOO_LONG: Self = Self { next_page: TryAgain, title: "The sign-in took too long",
        text: "For your safety a sign-in has to be finished within 20 minutes. Please try again." };
    pub(super) const USED_BEFORE: Self = Self { next_page: TryAgain, title: "This sign-in link was used before",
        text: "It works once. If you are not signed in, please sign in again." };
    pub(super) const REPLAYED: Self = Self { next_page: TryAgain, title: "This sign-in was completed before",
        text: "A second confirmation came for it, which may be of another account. It was not used. Please sign in \
         again." };
    pub(super) const NOT_KEPT: Self = Self { next_page: TryAgain, title: "Your browser did not keep the sign-in",
        text: "You have signed in, but this site does not see it. Most likely your browser blocks this site's cookies, \
         or sends an old one: allow or delete them, and try again in half a minute." };
    pub(super) const STILL_SIGNED_IN: Self = Self { next_page: LandingPage, title: "You are still signed in",
        text: "Another site asked to sign you out. If it was you, sign out from a page of this site." };
    pub(super) const WRONG_WAY: Self = Self { next_page: LandingPage, title: "This page cannot be opened like that",
        text: "Please go back to the site and follow its links." };
    pub(super) const SIGN_IN: Self = Self { next_page: SignIn, title: "Please sign in first",
        text: "You are not signed in, or not any more. What you sent was not taken: sign in, go back and send it \
         again." };
    pub(super) const SIGN_IN_AGAIN: Self = Self { next_page: SignIn, title: "Please sign in again",
        text: "The sign-in service does not confirm your sign-in any more. If you sent something, it was not taken: \
         sign in, go back and send it again." };
    pub(super) const NOT_SET_UP: Self = Self { next_page: TryAgain, title: "Sign-in is not set up correctly",
        text: "This site and its sign-in service do not agree. Please tell the people who run this site." };
    pub(super) const NOT_UNDERSTOOD: Self = Self { next_page: TryAgain, title: "The sign-in could not be completed",
        text: "The sign-in service answered in a way that this site does not understand. Please try again in a \
         moment." };
    pub(super) const NOT_CONFIRMED: Self = Self { next_page: TryAgain, title: "The sign-in could not be completed",
        text: "Its confirmation was no longer valid. Please try again." };
    pub(super) const NO_ANSWER: Self = Self { next_page: TryAgain, title: "Sign-in is not available right now",
        text: "The sign-in service does not answer. Please try again in a moment." };
    pub(super) const BUSY: Self = Self { next_page: Reload, title: "Many people are using this site right now",
        text: "Please try again in a moment." };
    pub(super) const UNAVAILABLE: Self = Self { next_page: Reload, title: "This page is not available right now",
        text: "Your sign-in cannot be checked. Please try again in a moment." };
    pub(super) const SIGNED_OUT_HERE: Self = Self { next_page: LandingPage, title: "You are signed out in this browser",
        text: "This site could not end your session everywhere yet. It keeps trying for a minute." };
}
