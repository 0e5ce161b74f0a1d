//! Where a sign-out leads.

use http::StatusCode;
use tower_didit::fake::Page;

/// Where the response leads: by a redirect, or by a page that goes on to another site.
#[track_caller]
pub(crate) fn leads_to(page: &Page) -> String {
    if page.status() == StatusCode::SEE_OTHER {
        return page.location().to_owned();
    }
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
    assert_eq!(page.header("location"), None);
    let (_, rest) = page
        .text()
        .split_once(r#"<meta http-equiv="refresh" content="0;url="#)
        .expect("a page that goes on");
    let (url, _) = rest.split_once('"').expect("the attribute ends");
    url.replace("&amp;", "&")
}
