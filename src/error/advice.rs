//! The texts of the built-in page for a person.

use NextPage::{LandingPage, Reload, SignIn, StepUp, TryAgain};

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
    /// To the landing page. A person who opens a page goes to the provider at once, without this page: only that sign-in
    /// asks for what is required.
    StepUp,
    /// To another sign-in.
    TryAgain,
    /// To the same address if that can be requested again, else to another sign-in.
    Reload,
    LandingPage,
}

#[rustfmt::skip]
impl Advice {
    pub(super) const DECLINED: Self = Self { next_page: TryAgain, title: "The sign-in was declined",
        text: "If that was not what you wanted, try again." };
    pub(super) const STRONGER: Self = Self { next_page: TryAgain, title: "Please sign in again",
        text: "This site needs a more recent or stronger sign-in than your last one." };
    pub(super) const BAD_LINK: Self = Self { next_page: TryAgain, title: "This sign-in link does not work",
        text: "The sign-in was not started in this browser, or is no longer valid. Please sign in again." };
    pub(super) const TOO_LONG: Self = Self { next_page: TryAgain, title: "The sign-in took too long",
        text: "For your safety a sign-in has to be finished within 20 minutes. Please try again." };
    pub(super) const USED_BEFORE: Self = Self { next_page: TryAgain, title: "This sign-in link was used before",
        text: "Each link works once. If you are not signed in, please sign in again." };
    pub(super) const COMPLETED: Self = Self { next_page: TryAgain, title: "This sign-in was completed before",
        text: "A second confirmation arrived, which may be of another account, and was ignored. Please sign in again." };
    pub(super) const NOT_KEPT: Self = Self { next_page: TryAgain, title: "Your browser did not keep the sign-in",
        text: "You have signed in, but this site does not see it. Most likely your browser blocks this site's cookies, \
         or sends an old one: allow or delete them, and try again in half a minute." };
    pub(super) const STILL_SIGNED_IN: Self = Self { next_page: LandingPage, title: "You are still signed in",
        text: "Another site asked to sign you out. If you want to sign out, use a page of this site." };
    pub(super) const CROSS_SITE: Self = Self { next_page: LandingPage, title: "This did not come from this site",
        text: "Another site sent this request, so nothing was changed. If you want to do it, use a page of this site." };
    pub(super) const NOT_ALLOWED: Self = Self { next_page: LandingPage, title: "This page is not open to you",
        text: "You are signed in, but you do not meet a condition of this page." };
    pub(super) const OUTDATED: Self = Self { next_page: SignIn, title: "Please sign in again",
        text: "This page needs a fresh confirmation of your data. If you sent a form, it was not submitted: sign in, go \
         back and send it again." };
    pub(super) const WRONG_WAY: Self = Self { next_page: LandingPage, title: "This page cannot be opened like that",
        text: "Please go back to the site and follow its links." };
    pub(super) const SIGN_IN: Self = Self { next_page: SignIn, title: "Please sign in first",
        text: "You are not signed in, or your session has ended. Your form was not submitted: sign in, go back and \
         send it again." };
    pub(super) const SIGN_IN_AGAIN: Self = Self { next_page: SignIn, title: "Please sign in again",
        text: "The sign-in service no longer confirms your sign-in. If you sent a form, it was not submitted: sign in, \
         go back and send it again." };
    pub(super) const STEP_UP: Self = Self { next_page: StepUp, title: "Please confirm that it is you",
        text: "This page needs a more recent or stronger sign-in than your last one. If you sent a form, it was not \
         submitted: go back, reload the page and send it again." };
    pub(super) const NOT_SET_UP: Self = Self { next_page: TryAgain, title: "Sign-in is not set up correctly",
        text: "This site and its sign-in service do not agree. Please tell the people who run this site." };
    pub(super) const NOT_VERIFIED: Self = Self { next_page: LandingPage, title: "You were not verified",
        text: "Your identity could not be confirmed, so this page stays closed to you. If you think that this is wrong, \
         write to the people who run this site: they can let you try again." };
    pub(super) const BLOCKED: Self = Self { next_page: LandingPage, title: "This page is closed to you",
        text: "You are blocked from verifying your identity here. If you think that this is wrong, write to the people who \
         run this site." };
    pub(super) const VERIFY: Self = Self { next_page: LandingPage, title: "Please verify your identity first",
        text: "This page is open to verified people only. Open it in your browser, which leads you through the \
         verification." };
    pub(super) const NOT_VERIFYING: Self = Self { next_page: LandingPage, title: "Verification is not set up correctly",
        text: "This site cannot verify people at present. Please tell the people who run this site." };
    pub(super) const NOT_VERIFYING_NOW: Self = Self { next_page: Reload, title: "Verification is not available right now",
        text: "Your identity cannot be verified at the moment. Please wait a little: this page tries again by itself." };
    pub(super) const NOT_UNDERSTOOD: Self = Self { next_page: TryAgain, title: "The sign-in could not be completed",
        text: "The sign-in service answered in a way that this site does not understand. Please try again in a \
         moment." };
    pub(super) const NOT_CONFIRMED: Self = Self { next_page: TryAgain, title: "The sign-in could not be completed",
        text: "The sign-in expired or was already used. Please try again." };
    pub(super) const NO_ANSWER: Self = Self { next_page: TryAgain, title: "Sign-in is not available right now",
        text: "The sign-in service does not answer. Please try again in a moment." };
    pub(super) const BUSY: Self = Self { next_page: Reload, title: "Many people are using this site right now",
        text: "Please try again in a moment." };
    pub(super) const UNAVAILABLE: Self = Self { next_page: Reload, title: "This page is not available right now",
        text: "Your sign-in cannot be checked. Please try again in a moment." };
    pub(super) const SIGNED_OUT_HERE: Self = Self { next_page: LandingPage, title: "You are signed out in this browser",
        text: "This site could not end your session everywhere yet. It keeps trying for a minute." };
}
