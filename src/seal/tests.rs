use super::*;

const CONTEXT: KeyContext<'_> = KeyContext {
    client_id: "client",
    origin: "https://app.example",
};

fn sealer(secrets: &[&[u8]], purpose: Purpose) -> Sealer {
    Sealer::new(secrets.iter().copied(), purpose, CONTEXT)
}

fn opens(sealer: &Sealer, label: &[u8], sealed: &str) -> bool {
    sealer.open(label, sealed.as_bytes()).is_some()
}

#[test]
fn a_sealed_value_opens_to_the_same_bytes() {
    let sealer = sealer(&[&[7; 32]], Purpose::Session);
    for plaintext in [&b""[..], b"x", &[0xff; 5000]] {
        let sealed = sealer.seal(b"label", plaintext);
        assert_eq!(sealed.len(), Sealer::sealed_length(plaintext.len()));
        let opened = sealer.open(b"label", sealed.as_bytes()).unwrap();
        assert_eq!(*opened, plaintext);
    }
}

#[test]
fn sealing_twice_gives_different_values() {
    let sealer = sealer(&[&[7; 32]], Purpose::Flow);
    assert_ne!(sealer.seal(b"l", b"same"), sealer.seal(b"l", b"same"));
}

// Behaviour 77.
#[test]
fn another_purpose_label_client_or_origin_does_not_open() {
    let session = sealer(&[&[7; 32]], Purpose::Session);
    let sealed = session.seal(b"label", b"text");
    assert!(opens(&session, b"label", &sealed));
    assert!(!opens(&session, b"other", &sealed));
    assert!(!opens(
        &sealer(&[&[7; 32]], Purpose::Flow),
        b"label",
        &sealed
    ));
    for context in [
        KeyContext {
            client_id: "clienu",
            ..CONTEXT
        },
        KeyContext {
            origin: "https://app.example:8443",
            ..CONTEXT
        },
        // The length before the client id keeps these two apart from `CONTEXT`.
        KeyContext {
            client_id: "clienthttps://",
            origin: "app.example",
        },
    ] {
        let other = Sealer::new([&[7; 32][..]], Purpose::Session, context);
        assert!(!opens(&other, b"label", &sealed), "{context:?}");
    }
}

// Behaviour 78.
#[test]
fn all_keys_open_and_the_first_seals() {
    let (old, new) = ([1; 32], [2; 32]);
    let before = sealer(&[&old], Purpose::Session);
    let rolled = sealer(&[&new, &old], Purpose::Session);
    let after = sealer(&[&new], Purpose::Session);
    assert!(opens(&rolled, b"l", &before.seal(b"l", b"text")));
    assert!(opens(&after, b"l", &rolled.seal(b"l", b"text")));
    assert!(!opens(&after, b"l", &before.seal(b"l", b"text")));
}

#[test]
fn a_name_depends_on_its_parts_and_on_key_purpose_and_context() {
    let name = |secret: u8, context, parts: &[&[u8]]| {
        let names = Pseudonyms::new([&[secret; 32][..]], Purpose::User, context);
        names.of(parts).next().unwrap()
    };
    let parts: &[&[u8]] = &[b"issuer", b"subject"];
    let john = name(1, CONTEXT, parts);
    assert_eq!(john, name(1, CONTEXT, parts));
    let origin = "https://other.example";
    for other in [
        name(1, CONTEXT, &[b"issuer", b"subjecu"]),
        name(1, CONTEXT, &[b"issuers", b"ubject"]),
        name(2, CONTEXT, parts),
        name(1, KeyContext { origin, ..CONTEXT }, parts),
    ] {
        assert_ne!(john, other);
    }
}

// Behaviour 78.
#[test]
fn after_a_key_rotation_the_names_by_older_keys_are_known() {
    let names = |secrets: &[&[u8]]| {
        let names = Pseudonyms::new(secrets.iter().copied(), Purpose::User, CONTEXT);
        names.of(&[b"john"]).collect::<Vec<_>>()
    };
    let (old, new) = ([1; 32], [2; 32]);
    let expected = [names(&[&new]), names(&[&old])].concat();
    assert_eq!(names(&[&new, &old]), expected);
}

// Behaviour 77.
#[test]
fn any_changed_or_missing_character_is_refused() {
    let sealer = sealer(&[&[7; 32]], Purpose::Session);
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
