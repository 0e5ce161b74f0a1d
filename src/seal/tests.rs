use super::*;

const SOURCE: KeySource<'_> = KeySource {
    secrets: &[&[7; 32]],
    client_id: "client",
    cookie_name: "didit",
    origin: "https://app.example",
};

fn sealer(secrets: &[&[u8]], purpose: Purpose) -> Sealer {
    Sealer::new(KeySource { secrets, ..SOURCE }, purpose)
}

fn opens(sealer: &Sealer, label: &[u8], sealed: &str) -> bool {
    sealer.open(label, sealed.as_bytes()).is_some()
}

#[test]
fn a_sealed_value_opens_to_the_same_bytes() {
    let sealer = sealer(&[&[7; 32]], Purpose::SESSION);
    for plaintext in [&b""[..], b"x", &[0xff; 5000]] {
        let sealed = sealer.seal(b"label", plaintext);
        assert_eq!(sealed.len(), Sealer::sealed_length(plaintext.len()));
        let opened = sealer.open(b"label", sealed.as_bytes()).unwrap();
        assert_eq!(*opened, plaintext);
    }
}

#[test]
fn sealing_twice_gives_different_values() {
    let sealer = sealer(&[&[7; 32]], Purpose::FLOW);
    assert_ne!(sealer.seal(b"l", b"same"), sealer.seal(b"l", b"same"));
}

// Behaviour 77.
#[test]
fn another_purpose_label_client_cookie_name_or_origin_does_not_open() {
    let session = sealer(&[&[7; 32]], Purpose::SESSION);
    let sealed = session.seal(b"label", b"text");
    assert!(opens(&session, b"label", &sealed));
    assert!(!opens(&session, b"other", &sealed));
    assert!(!opens(
        &sealer(&[&[7; 32]], Purpose::FLOW),
        b"label",
        &sealed
    ));
    for source in [
        KeySource {
            client_id: "clienu",
            ..SOURCE
        },
        KeySource {
            cookie_name: "staff",
            ..SOURCE
        },
        KeySource {
            origin: "https://app.example:8443",
            ..SOURCE
        },
        // The lengths keep these two apart from `SOURCE`.
        KeySource {
            client_id: "clientdidit",
            cookie_name: "",
            ..SOURCE
        },
        KeySource {
            cookie_name: "didithttps://",
            origin: "app.example",
            ..SOURCE
        },
    ] {
        let other = Sealer::new(source, Purpose::SESSION);
        let application = (source.client_id, source.cookie_name, source.origin);
        assert!(!opens(&other, b"label", &sealed), "{application:?}");
    }
}

// Behaviour 78.
#[test]
fn all_keys_open_and_the_first_seals() {
    let (old, new) = ([1; 32], [2; 32]);
    let before = sealer(&[&old], Purpose::SESSION);
    let rolled = sealer(&[&new, &old], Purpose::SESSION);
    let after = sealer(&[&new], Purpose::SESSION);
    assert!(opens(&rolled, b"l", &before.seal(b"l", b"text")));
    assert!(opens(&after, b"l", &rolled.seal(b"l", b"text")));
    assert!(!opens(&after, b"l", &before.seal(b"l", b"text")));
}

#[test]
fn a_name_depends_on_its_parts_and_on_key_purpose_and_application() {
    let name = |secret: u8, source, parts: &[&[u8]]| {
        let secrets: &[&[u8]] = &[&[secret; 32]];
        let names = Pseudonyms::new(KeySource { secrets, ..source }, Purpose::USER);
        names.of(parts).next().unwrap()
    };
    let parts: &[&[u8]] = &[b"issuer", b"subject"];
    let john = name(1, SOURCE, parts);
    assert_eq!(john, name(1, SOURCE, parts));
    let origin = "https://other.example";
    for other in [
        name(1, SOURCE, &[b"issuer", b"subjecu"]),
        name(1, SOURCE, &[b"issuers", b"ubject"]),
        name(2, SOURCE, parts),
        name(1, KeySource { origin, ..SOURCE }, parts),
    ] {
        assert_ne!(john, other);
    }
}

// Behaviour 78.
#[test]
fn after_a_key_rotation_the_names_by_older_keys_are_known() {
    let names = |secrets: &[&[u8]]| {
        let names = Pseudonyms::new(KeySource { secrets, ..SOURCE }, Purpose::USER);
        names.of(&[b"john"]).collect::<Vec<_>>()
    };
    let (old, new) = ([1; 32], [2; 32]);
    let expected = [names(&[&new]), names(&[&old])].concat();
    assert_eq!(names(&[&new, &old]), expected);
}

// Behaviour 77.
#[test]
fn any_changed_or_missing_character_is_refused() {
    let sealer = sealer(&[&[7; 32]], Purpose::SESSION);
    let sealed = sealer.seal(b"l", b"some text");
    for position in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        assert!(sealer.open(b"l", &changed).is_none(), "at {position}");
        assert!(sealer.open(b"l", &sealed.as_bytes()[..position]).is_none());
    }
    assert!(
        sealer
            .open(b"l", &[sealed.as_bytes(), b"AAAA"].concat())
            .is_none()
    );
    assert!(sealer.open(b"l", b"\xff\xfe").is_none());
}
