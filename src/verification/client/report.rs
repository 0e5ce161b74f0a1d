//! The report of a session.

use bytes::Bytes;
use http::{HeaderValue, Method, header};

use super::{Call, VerificationClient};
use crate::{
    error::Error,
    transport::{BodyLimit, ReuseConnection},
    verification::VerificationId,
};

impl VerificationClient {
    /// Reads the report of a session: a PDF of at most 16 MiB, with images and data of the person.
    ///
    /// Didit generates it for each call, 50 times a minute at most. The timeout is that of any call: 10 s, or
    /// [`with_http_timeout`](crate::ConfigBuilder::with_http_timeout).
    ///
    /// ```
    /// use axum::{
    ///     http::header::{CACHE_CONTROL, CONTENT_TYPE},
    ///     response::IntoResponse,
    /// };
    /// use tower_didit::{Error, verification::{VerificationClient, VerificationId}};
    ///
    /// /// For an employee.
    /// async fn report(client: &VerificationClient, id: VerificationId) -> Result<impl IntoResponse, Error> {
    ///     let pdf = client.report(id).await?;
    ///     Ok(([(CONTENT_TYPE, "application/pdf"), (CACHE_CONTROL, "no-store")], pdf))
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     let verification = didit.verification();
    /// #     verification.complete(&verification.create("user-42"), "approve");
    /// #     let id = verification.last_session_id().unwrap_or_default();
    /// #     report(&client, id.parse()?).await?;
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), [`UnknownSession`](crate::reason::VerificationError::UnknownSession), and
    /// [`NoReport`](crate::reason::VerificationError::NoReport): the session is neither `Approved` nor `Declined`,
    /// `In Review` or `Kyc Expired`.
    pub async fn report(&self, id: VerificationId) -> Result<Bytes, Error> {
        let mut call = Call::of_session(REPORT, Method::GET, id, "generate-pdf");
        let extensions = call.request.extensions_mut();
        extensions.insert(BodyLimit(MAX_REPORT));
        // Sent once: a report is slow, and its rate limit is low.
        extensions.remove::<ReuseConnection>();
        // A success is a PDF, an error is JSON.
        let headers = call.request.headers_mut();
        headers.insert(header::ACCEPT, ANYTHING);
        let report = self.send(call).await?.into_body();
        if !report.starts_with(b"%PDF-") {
            return Err(self.invalid("report: it is not a PDF"));
        }
        Ok(report)
    }
}

pub(super) const REPORT: &str = "report";
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
/// In bytes.
const MAX_REPORT: usize = 16 * 1024 * 1024;
