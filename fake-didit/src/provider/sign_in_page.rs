//! What a person sees.

use crate::{person::Person, provider::scope::Scope};

/// The page that asks who signs in; its buttons lead below `path`.
pub(crate) fn sign_in(client_id: &str, scope: &Scope, interaction: &str, path: &str) -> String {
    let client = escaped(client_id);
    let scopes: Vec<_> = scope
        .iter()
        .map(|name| format!("<li>{}</li>", escaped(name)))
        .collect();
    let scopes = scopes.concat();
    let people = Person::ALL.map(button).concat();
    let (interaction, path) = (escaped(interaction), escaped(path));
    document(
        "Sign in",
        &format!(
            r#"<h1>Sign in</h1>
<p><strong>{client}</strong> asks for:</p>
<ul aria-label="Requested scopes">{scopes}</ul>
<form method="post" action="{path}/approve">
<input type="hidden" name="interaction" value="{interaction}">
{people}</form>
<form method="post" action="{path}/decline">
<input type="hidden" name="interaction" value="{interaction}">
<button class="quiet" id="decline" type="submit">Decline</button>
</form>"#
        ),
    )
}

/// The page for a request that cannot be answered.
pub(crate) fn problem(why: &str) -> String {
    document(
        "Sign-in not possible",
        &format!("<h1>Sign-in not possible</h1>\n<p>{}</p>", escaped(why)),
    )
}

/// The page at the end of a session.
pub(crate) fn signed_out() -> String {
    document("Signed out", "<h1>Signed out</h1>")
}

/// The page for a session that does not end.
pub(crate) fn not_signed_out(why: &str) -> String {
    document(
        "Sign-out not possible",
        &format!("<h1>Sign-out not possible</h1>\n<p>{}</p>", escaped(why)),
    )
}

fn button(person: Person) -> String {
    let (slug, name) = (person.slug(), person.full_name());
    format!(
        r#"<button id="approve-{slug}" name="person" value="{slug}" type="submit">Continue as {name}</button>
"#
    )
}

fn document(title: &str, main: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Fake Didit</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="note">This is a fake Didit for tests. Nothing here is real.</p>
{main}
</main>
</body>
</html>
"#
    )
}

/// Text for HTML, also inside of a quoted attribute: the client id comes from outside.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #16181d; --soft: #5b6270; --page: #f3f4f7; --card: #fff; --line: #d5d9e0; --act: #1f4fd8; --on-act: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef2; --soft: #a4abb8; --page: #101216; --card: #1a1d23; --line: #363b46; --act: #9db8ff; --on-act: #0c1330 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 24rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: .75rem 0 .5rem; font-size: 1.5rem; line-height: 1.2 }
p { margin: .5rem 0; overflow-wrap: anywhere }
.note { margin: 0; font-size: .875rem; color: var(--soft) }
ul { display: flex; flex-wrap: wrap; gap: .375rem; margin: .5rem 0 1.25rem; padding: 0; list-style: none }
li { padding: .125rem .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .875rem }
button { width: 100%; min-height: 2.75rem; margin-top: .5rem; padding: .5rem 1rem; border: 1px solid var(--act); border-radius: .5rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: transparent; color: var(--ink); border-color: var(--line) }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_have_stable_ids() {
        let html = sign_in(
            "app",
            &Scope::parse("openid email", &["openid", "email"]).unwrap(),
            "interaction_1",
            "/tenant",
        );
        for id in ["approve-alejandra", "approve-john", "decline"] {
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(html.contains("<li>email</li>"));
        assert!(html.contains("action=\"/tenant/approve\""));
    }

    #[test]
    fn the_client_id_cannot_become_markup() {
        let html = sign_in("<script>\"'&", &Scope::none(), "interaction_1", "");
        assert!(html.contains("<strong>&lt;script&gt;&quot;&#39;&amp;</strong>"));
    }
}
