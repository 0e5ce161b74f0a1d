use std::time::Duration;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn jar(from: &str, lines: &[&str]) -> CookieJar {
    let mut jar = CookieJar::default();
    receive(&mut jar, from, lines);
    jar
}

fn receive(jar: &mut CookieJar, from: &str, lines: &[&str]) {
    let lines = lines
        .iter()
        .map(|line| (header::SET_COOKIE, line.parse().unwrap()));
    jar.receive(&url(from), &lines.collect());
}

fn sent(jar: &CookieJar, to: &str) -> String {
    jar.header(&url(to), SiteContext::SameSite)
        .unwrap_or_default()
}

fn rejection(from: &str, line: &str) -> String {
    let jar = jar(from, &[line]);
    assert!(jar.cookies().is_empty(), "{line} was stored");
    let (_, reason) = jar.rejected()[0].split_once(": ").unwrap();
    reason.to_owned()
}

#[test]
fn attributes_are_stored() {
    let jar = jar(
        "https://app.example/",
        &["a=1; Path=/x; Secure; HttpOnly; SameSite=Lax; Max-Age=60"],
    );
    let cookie = &jar.cookies()[0];
    assert_eq!(
        (cookie.name(), cookie.value(), cookie.path()),
        ("a", "1", "/x")
    );
    assert!(cookie.is_secure() && cookie.is_http_only() && cookie.is_host_only());
    assert_eq!(cookie.same_site(), Some(SameSite::Lax));
    assert_eq!(cookie.max_age(), Some(Duration::from_secs(60)));
}

#[test]
fn a_host_only_cookie_goes_to_no_other_host() {
    let jar = jar("https://app.example/", &["a=1"]);
    assert_eq!(sent(&jar, "https://app.example/"), "a=1");
    assert_eq!(sent(&jar, "https://www.app.example/"), "");
}

#[test]
fn a_domain_cookie_goes_to_subdomains() {
    let jar = jar("https://www.app.example/", &["a=1; Domain=app.example"]);
    assert_eq!(sent(&jar, "https://app.example/"), "a=1");
    assert_eq!(sent(&jar, "https://x.app.example/"), "a=1");
    assert_eq!(sent(&jar, "https://notapp.example/"), "");
}

#[test]
fn a_foreign_or_top_level_domain_is_rejected() {
    for domain in ["other.example", "x.app.example", "example"] {
        let line = format!("a=1; Domain={domain}");
        assert_eq!(
            rejection("https://app.example/", &line),
            "Domain does not cover the host"
        );
    }
}

#[test]
fn a_path_covers_whole_segments() {
    let jar = jar("https://app.example/", &["a=1; Path=/x"]);
    assert_eq!(sent(&jar, "https://app.example/x"), "a=1");
    assert_eq!(sent(&jar, "https://app.example/x/y"), "a=1");
    assert_eq!(sent(&jar, "https://app.example/xy"), "");
}

#[test]
fn the_default_path_is_the_directory_of_the_url() {
    let jar = jar("https://app.example/dir/page", &["a=1"]);
    assert_eq!(jar.cookies()[0].path(), "/dir");
}

#[test]
fn secure_cookies_are_sent_over_https_and_to_loopback_only() {
    let jar_https = jar("https://app.example/", &["a=1; Secure; Path=/"]);
    assert_eq!(sent(&jar_https, "http://app.example/"), "");
    let jar_loopback = jar("http://127.0.0.1:3000/", &["a=1; Secure; Path=/"]);
    assert_eq!(sent(&jar_loopback, "http://127.0.0.1:3000/"), "a=1");
    assert_eq!(
        rejection("http://app.example/", "a=1; Secure"),
        "Secure from an insecure origin"
    );
}

#[test]
fn longer_paths_come_first_then_older_cookies() {
    let mut jar = jar(
        "https://app.example/",
        &["old=1; Path=/", "deep=1; Path=/x/y", "new=1; Path=/"],
    );
    receive(&mut jar, "https://app.example/", &["old=2; Path=/"]);
    assert_eq!(
        sent(&jar, "https://app.example/x/y"),
        "deep=1; old=2; new=1"
    );
}

#[test]
fn max_age_zero_and_a_past_expires_delete_a_cookie() {
    for line in [
        "a=; Path=/; Max-Age=0",
        "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        let mut jar = jar("https://app.example/", &["a=1; Path=/"]);
        receive(&mut jar, "https://app.example/", &[line]);
        assert_eq!(sent(&jar, "https://app.example/"), "", "{line}");
    }
}

#[test]
fn a_deletion_with_another_path_deletes_nothing() {
    let mut jar = jar("https://app.example/", &["a=1; Path=/"]);
    receive(
        &mut jar,
        "https://app.example/",
        &["a=; Path=/x; Max-Age=0"],
    );
    assert_eq!(sent(&jar, "https://app.example/x"), "a=1");
}

#[test]
fn max_age_follows_the_clock() {
    let clock = FakeClock::new();
    let mut jar = CookieJar::new(Some(clock.clone()));
    receive(
        &mut jar,
        "https://app.example/",
        &["a=1; Max-Age=60", "b=1"],
    );
    clock.advance(Duration::from_secs(59));
    assert_eq!(sent(&jar, "https://app.example/"), "a=1; b=1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(sent(&jar, "https://app.example/"), "b=1");
}

#[test]
fn without_a_clock_cookies_do_not_expire() {
    let jar = jar(
        "https://app.example/",
        &[
            "a=1; Max-Age=1",
            "b=1; Expires=Fri, 02 Jan 1970 00:00:00 GMT",
        ],
    );
    assert_eq!(sent(&jar, "https://app.example/"), "a=1; b=1");
}

#[test]
fn the_host_prefix_requires_secure_the_root_path_and_no_domain() {
    let prefix = "a __Host- name with Domain or without Path=/";
    assert_eq!(
        rejection("https://app.example/", "__Host-a=1; Secure"),
        prefix
    );
    assert_eq!(
        rejection(
            "https://app.example/",
            "__Host-a=1; Secure; Path=/; Domain=app.example"
        ),
        prefix
    );
    assert_eq!(
        rejection("https://app.example/", "__host-a=1; Path=/"),
        "a __Secure- or __Host- name without Secure"
    );
    let jar = jar("https://app.example/", &["__Host-a=1; Secure; Path=/"]);
    assert_eq!(sent(&jar, "https://app.example/x"), "__Host-a=1");
}

#[test]
fn same_site_none_requires_secure() {
    assert_eq!(
        rejection("https://app.example/", "a=1; SameSite=None"),
        "SameSite=None without Secure"
    );
}

#[test]
fn more_than_4096_bytes_with_attributes_are_rejected() {
    let attributes = "; Path=/";
    let fits = format!("a={}{attributes}", "x".repeat(4096 - 2 - attributes.len()));
    assert_eq!(jar("https://app.example/", &[&fits]).cookies().len(), 1);
    assert_eq!(
        rejection("https://app.example/", &format!("a{fits}")),
        "longer than 4096 bytes"
    );
}

#[test]
fn same_site_restricts_cross_site_requests() {
    let jar = jar(
        "https://app.example/",
        &[
            "strict=1; SameSite=Strict",
            "lax=1; SameSite=Lax",
            "plain=1",
            "none=1; SameSite=None; Secure",
        ],
    );
    let sent = |context| jar.header(&url("https://app.example/"), context).unwrap();
    assert_eq!(
        sent(SiteContext::SameSite),
        "strict=1; lax=1; plain=1; none=1"
    );
    assert_eq!(
        sent(SiteContext::CrossSiteNavigation),
        "lax=1; plain=1; none=1"
    );
    assert_eq!(sent(SiteContext::CrossSite), "none=1");
}

#[test]
fn debug_omits_values() {
    let jar = jar(
        "https://app.example/",
        &[
            "a=secret-value",
            "a=secret-value; Secure; SameSite=None; Domain=x",
        ],
    );
    assert_eq!((jar.cookies().len(), jar.rejected().len()), (1, 1));
    let shown = format!("{jar:?}");
    assert!(!shown.contains("secret-value"), "{shown}");
}

#[test]
fn a_rejection_has_the_name_and_never_the_value() {
    let jar = jar("https://app.example/", &["__Host-a=value", "value"]);
    assert_eq!(
        jar.rejected(),
        [
            "__Host-a: a __Secure- or __Host- name without Secure",
            ": not a cookie"
        ]
    );
}
