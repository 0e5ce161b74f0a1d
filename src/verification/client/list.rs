//! The list of sessions.

use http::Method;

use super::{Call, VerificationClient};
use crate::{
    error::Error,
    verification::{VerificationFilter, VerificationPage},
};

impl VerificationClient {
    /// Lists the sessions of the application that verify people, newest first: one page of them.
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
    ///         println!("{} of {}", page.sessions().len(), page.count());
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
    /// The list is for employees and for comparisons with the application's records. It verifies nobody: ask for the
    /// [`decision`](Self::decision).
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors). A filter that Didit would ignore is not sent.
    pub async fn list(&self, filter: &VerificationFilter) -> Result<VerificationPage, Error> {
        let path = format!("/v3/sessions/?{}", filter.query()?);
        let response = self.send(Call::new(LIST, Method::GET, path)).await?;
        let read = |members: &_| VerificationPage::read(members, filter);
        self.read(&response, LIST, read)
    }
}

const LIST: &str = "list of sessions";
