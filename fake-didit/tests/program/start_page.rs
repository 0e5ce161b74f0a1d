use crate::process::{AUTHENTICATION, CONFIDENTIAL, Program};

#[test]
fn a_browser_is_redirected_to_the_start_page() {
    for arguments in [&CONFIDENTIAL[..], &AUTHENTICATION] {
        let program = Program::start(arguments);
        for path in ["/", "/fake"] {
            let response = program.send(&format!("GET {path}\nAccept: text/html,*/*;q=0.8"), "");
            assert_eq!(
                (response.status, response.header("location")),
                (303, Some("/fake/"))
            );
        }
        assert_eq!(
            program.get("/favicon.ico").header("content-type"),
            Some("image/svg+xml")
        );
        // Requests of the start page are not recorded.
        assert!(program.requests().is_empty());
    }
}

#[test]
fn the_root_with_a_query_is_the_authorization_endpoint() {
    let program = Program::start(&CONFIDENTIAL);
    let response = program.send("GET /?client_id=other\nAccept: text/html", "");
    assert_eq!(response.status, 400);
    assert_eq!(
        program.requests()[0]["problem"],
        "client_id is missing or unknown"
    );
}

#[test]
fn the_script_finds_its_elements() {
    let program = Program::start(&CONFIDENTIAL);
    let page = program.get("/fake/").body;
    let script = program.get("/fake/console.js").body;
    let ids = script.split("by(\"").skip(1);
    let ids: Vec<_> = ids.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(ids.len() > 40, "{ids:?}");
    for id in ids {
        let count = page.matches(&format!("id=\"{id}\"")).count();
        assert_eq!(count, 1, "{id}");
    }
}

#[test]
fn the_start_page_loads_no_foreign_resource_and_has_no_inline_script() {
    let program = Program::start(&CONFIDENTIAL);
    for (path, media_type) in [
        ("/fake/", "text/html; charset=utf-8"),
        ("/fake/console.js", "text/javascript; charset=utf-8"),
        ("/fake/style.css", "text/css; charset=utf-8"),
        ("/fake/icon.svg", "image/svg+xml"),
    ] {
        let response = program.get(path);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some(media_type));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        let policy = response.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            !response
                .body
                .replace("http://www.w3.org/2000/svg", "")
                .contains("://"),
            "{path}"
        );
        for inline in ["style=", "<style", "onclick=", "innerHTML", "javascript:"] {
            assert!(!response.body.contains(inline), "{path}: {inline}");
        }
    }
    let missing = program.get("/fake/nothing");
    assert_eq!(
        missing.problem().1,
        "No page has this path; GET /fake/ is the start page."
    );
    assert_eq!(
        program
            .send("POST /fake/\nContent-Type: application/json", "{}")
            .status,
        405
    );
}
