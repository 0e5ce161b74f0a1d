//! The HTML pages.

use crate::{
    person::{Person, accounts::Accounts},
    provider::{
        document::{document, escape},
        scope::Scope,
    },
};

/// The page on which a person approves or declines. `path` is the prefix of the buttons' paths.
pub(crate) fn sign_in(
    client_id: &str,
    scope: &Scope,
    accounts: &Accounts,
    interaction: &str,
    path: &str,
) -> String {
    let client = escape(client_id);
    let requested = requested_scopes(&client, scope);
    let people = people(accounts);
    let (interaction, path) = (escape(interaction), escape(path));
    let main = format!(
        r#"<h1>Sign in to {client}</h1>
{requested}<form method="post" action="{path}/approve" {MARK}>
<input type="hidden" name="interaction" value="{interaction}">
{people}</form>
<form method="post" action="{path}/decline">
<input type="hidden" name="interaction" value="{interaction}">
<button class="quiet" id="{DECLINE}" type="submit">Decline</button>
</form>
<p class="note">This is a fake Didit for tests. Nothing here is real, and no password is needed.</p>"#
    );
    document("Sign in", "card", &main)
}

/// Whether a page is the sign-in page.
pub(crate) fn is_sign_in(html: &str) -> bool {
    html.contains(MARK)
}

/// The id of a person's button on a page.
pub(crate) fn button(html: &str, person: &Person) -> Result<String, NoButton> {
    if !is_sign_in(html) {
        return Err(NoButton::OtherPage);
    }
    let (before, _) = html
        .split_once(&selects(person.subject()))
        .ok_or(NoButton::NotListed)?;
    let (_, id) = before.rsplit_once(" id=\"").ok_or(NoButton::NotListed)?;
    let (id, _) = id.split_once('"').ok_or(NoButton::NotListed)?;
    Ok(id.to_owned())
}

/// Why a page has no button for a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoButton {
    /// It is not the sign-in page.
    OtherPage,
    /// The sign-in page lists other people.
    NotListed,
}

/// The page for an invalid authorization request.
pub(crate) fn error(why: &str) -> String {
    let why = escape(why);
    let main = format!(
        r#"<h1>This sign-in request is invalid</h1>
<p class="reason">{why}</p>
<p>Go back to the application and sign in again. If this page appears again, the application sends a wrong
request.</p>"#
    );
    document("Sign-in not possible", "card", &main)
}

/// The page after a sign-out without a redirect.
pub(crate) fn signed_out() -> String {
    let main = "<h1>You are signed out</h1>\n<p>You can close this page, or go back to the application.</p>";
    document("Signed out", "card", main)
}

/// The page for an invalid end-session request.
pub(crate) fn sign_out_error(why: &str) -> String {
    let why = escape(why);
    let main = format!(
        r#"<h1>This sign-out request is invalid</h1>
<p class="reason">{why}</p>
<p>Go back to the application, which sends a wrong request.</p>"#
    );
    document("Sign-out not possible", "card", &main)
}

fn requested_scopes(client: &str, scope: &Scope) -> String {
    if scope.is_empty() {
        return String::new();
    }
    let scopes: Vec<_> = scope
        .iter()
        .map(|name| format!("<li>{}</li>", escape(name)))
        .collect();
    let scopes = scopes.concat();
    format!(
        r#"<div class="stack">
<p><strong>{client}</strong> asks for:</p>
<ul class="chips" aria-label="Requested scopes">{scopes}</ul>
</div>
"#
    )
}

fn people(accounts: &Accounts) -> String {
    let people: String = accounts
        .with_slugs()
        .map(|(person, slug)| item(person, &slug))
        .collect();
    if people.is_empty() {
        return "<p class=\"empty\">This fake has no people who could sign in.</p>\n".to_owned();
    }
    format!("<ul class=\"people\" aria-label=\"People\">\n{people}</ul>\n")
}

fn item(person: &Person, slug: &str) -> String {
    let name = person.full_name().filter(|name| !name.is_empty());
    let contact = person.email().or(person.phone());
    let initials = escape(&initials(name.unwrap_or(person.subject())));
    let details = contact.or(name.and(Some(person.subject())));
    let details = details.map_or_else(String::new, |details| {
        format!("<small>{}</small> ", escape(details))
    });
    let verified = if person.is_verified() {
        r#"<span class="badge good">verified</span>"#
    } else {
        r#"<span class="badge">not verified</span>"#
    };
    let name = escape(name.unwrap_or(person.subject()));
    let selects = selects(person.subject());
    format!(
        r#"<li><button class="person" id="approve-{slug}"{selects} type="submit"><span class="initials" aria-hidden="true">{initials}</span><span class="who"><b>Continue as {name}</b> {details}{verified}</span></button></li>
"#
    )
}

/// The attributes with which a button selects a person.
fn selects(subject: &str) -> String {
    format!(r#" name="person" value="{}""#, escape(subject))
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut letters = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|character| character.is_alphanumeric()));
    let first = letters.next();
    let letters: String = first.into_iter().chain(letters.next_back()).collect();
    letters.to_uppercase()
}

/// By which a [`Browser`](crate::Browser) recognizes the sign-in page.
/// The id of the button that declines.
pub(crate) const DECLINE: &str = "decline";

const MARK: &str = r#"id="approve""#;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(accounts: &Accounts) -> String {
        let scope = Scope::parse("openid email", &["openid", "email"]).unwrap();
        sign_in("app", &scope, accounts, "interaction_1", "/tenant")
    }

    #[test]
    fn buttons_have_stable_ids() {
        let html = page(&Accounts::default());
        for id in ["approve-alejandra", "approve-john", "decline"] {
            assert!(html.contains(&format!(" id=\"{id}\"")), "{id}");
        }
        assert!(html.contains("<li>email</li>"));
        assert!(html.contains("action=\"/tenant/approve\""));
    }

    #[test]
    fn the_client_id_cannot_become_markup() {
        let accounts = Accounts::default();
        let html = sign_in("<script>\"'&", &Scope::none(), &accounts, "1", "");
        assert!(html.contains("<h1>Sign in to &lt;script&gt;&quot;&#39;&amp;</h1>"));
    }

    #[test]
    fn a_persons_data_cannot_become_markup() {
        let person = Person::new("\"><script>")
            .with_names("<b>Ada</b>", "O'Neil")
            .with_email("<i>@example.com");
        let html = page(&Accounts::from_iter([person]));
        for markup in ["<script", "<b>Ada", "<i>"] {
            assert!(!html.contains(markup), "{markup}");
        }
        assert!(html.contains("Continue as &lt;b&gt;Ada&lt;/b&gt; O&#39;Neil"));
        assert!(html.contains(" value=\"&quot;&gt;&lt;script&gt;\""));
    }

    #[test]
    fn a_person_without_a_name_is_shown_by_the_subject() {
        let shown = |person: Person, expected: &str| {
            let html = page(&Accounts::from_iter([person]));
            assert!(html.contains(expected), "{html}");
        };
        shown(
            Person::new("u-1").with_phone("+15550100"),
            r#"<b>Continue as u-1</b> <small>+15550100</small> <span class="badge">not verified</span>"#,
        );
        shown(
            Person::new("u-1").with_verified(true),
            r#"<b>Continue as u-1</b> <span class="badge good">verified</span>"#,
        );
        shown(
            Person::new("u-1").with_names("Ada", ""),
            "<b>Continue as Ada</b> <small>u-1</small> ",
        );
    }

    #[test]
    fn a_page_without_people_says_so() {
        let html = page(&Accounts::from_iter([]));
        assert!(html.contains("This fake has no people who could sign in."));
        assert!(html.contains(" id=\"decline\""));
    }

    #[test]
    fn a_button_is_found_by_the_persons_subject() {
        let people =
            ["u-1", "u-10", "\"u-1\""].map(|subject| Person::new(subject).with_names("Ada", ""));
        let html = page(&Accounts::from_iter(people.clone()));
        let ids = people.map(|person| button(&html, &person).unwrap());
        assert_eq!(ids, ["approve-ada", "approve-ada-2", "approve-ada-3"]);
        assert_eq!(button(&html, &Person::john()), Err(NoButton::NotListed));
        assert_eq!(
            button(&signed_out(), &Person::john()),
            Err(NoButton::OtherPage)
        );
    }

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        assert_eq!(initials("Alejandra Rosas"), "AR");
        assert_eq!(initials("ada augusta (countess) lovelace"), "AL");
        assert_eq!(initials("Zoë"), "Z");
        assert_eq!(initials("…"), "");
    }
}
