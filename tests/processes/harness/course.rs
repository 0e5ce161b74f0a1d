//! What happens to a refresh at the provider.

/// What happens to the refresh of a session there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    Honest,
    /// Honest, but slower than a request with a valid access token waits.
    Dawdles,
    /// The answer waits until `let_go`.
    Held,
    /// Status 500, and nothing is done.
    Fails,
    /// The connection ends, and nothing is done.
    HangsUp,
    /// New tokens are made, and the connection ends before they are told.
    LosesTheAnswer,
    /// No answer, ever.
    Stalls,
    /// New tokens are made, and the response cannot be read.
    Stammers,
    /// The session has ended there: `invalid_grant`.
    Refuses,
}

/// A refresh request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The session's `sid`.
    pub(crate) session: String,
    pub(crate) refresh_token: String,
    pub(crate) course: Course,
}

impl Course {
    /// Whether the refresh token is spent and nobody has new ones.
    pub(crate) fn ends_the_session(self) -> bool {
        !matches!(self, Self::Honest | Self::Dawdles | Self::Held)
    }
}
