//! How a request was made.

/// Whether the browser navigates or a script has sent the request: `Sec-Fetch-Mode` of Fetch Metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestMode {
    /// A navigation of the whole page: a link, a form, a typed address.
    Navigation,
    Script,
    /// A frame, or a client without Fetch Metadata: a program, or a browser from before 2023.
    Unknown,
}
