use fake_didit::{Endpoint, FakeDidit, Fault, Person};

#[tokio::test]
async fn a_user_signs_in() {
    let didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
    let address = didit.listen("127.0.0.1:0").await.unwrap();
    let didit = didit.with_issuer(format!("http://{address}"));
    // Point your application at `didit.issuer()`, and let it give the URL that a browser would go to:
    let url = "/auth/v2/authorize?client_id=app&response_type=code&scope=openid&redirect_uri=https://app.example/callback";
    let callback = didit.approve(url, &Person::alejandra());
    assert!(callback.starts_with("https://app.example/callback?code="));
    didit.on_next(
        Endpoint::Token,
        Fault::error("server_error").with_status(500),
    );
    didit.clock().advance(std::time::Duration::from_secs(3600));
    assert_eq!(didit.last(Endpoint::Authorize).unwrap().problem(), None);
}
