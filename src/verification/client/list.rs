//! The list of sessions.

use http::Method;

use super::{Call, VerificationClient};
use crate::{
    error::Error,
    verification::{VerificationFilter, VerificationPage},
};

impl VerificationClient {
    /// Reads one page of the sessions that verify people, newest first.
    ///
    /// ```
    /// use tower_didit::{
    ///     Error,
    ///     verification::{Status, VerificationClient, VerificationFilter},
    /// };
    ///
    /// /// The sessions that wait for an employee.
    /// async fn print_reviews(client: &VerificationClient) -> Result<(), Error> {
    ///     let mut filter = Some(VerificationFilter::new().add_status(Status::InReview));
    ///     while let Some(wanted) = filter {
    ///         let page = client.list(&wanted).await?;
    ///         println!("{} of {}", page.sessions().len(), page.total());
    ///         for session in page.sessions() {
    ///             println!("{} of {:?}: {}", session.id(), session.vendor_data(), session.status());
    ///         }
    ///         filter = page.next_page();
    ///     }
    ///     Ok(())
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     let verification = didit.verification();
    /// #     verification.complete(&verification.create("user-42"), "review");
    /// #     print_reviews(&client).await?;
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// The list is for employees, and to compare with the application's records. It verifies nobody: read the
    /// [`decision`](Self::decision).
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors). [`VerificationError::InvalidRequest`](crate::reason::VerificationError::InvalidRequest)
    /// without a call if a setting of the filter is invalid, because Didit would ignore it.
    pub async fn list(&self, filter: &VerificationFilter) -> Result<VerificationPage, Error> {
        let path = format!("/v3/sessions/?{}", filter.query()?);
        let response = self.send(Call::new(LIST, Method::GET, path)).await?;
        let read = |members: &_| VerificationPage::read(members, filter);
        self.read(&response, LIST, read)
    }
}

const LIST: &str = "list of sessions";
