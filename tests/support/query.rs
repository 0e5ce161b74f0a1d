//! The query of a URL.

use std::collections::BTreeMap;

use url::Url;

/// The parameters, each of which is there once.
#[track_caller]
pub(crate) fn parameters(url: &str) -> BTreeMap<String, String> {
    let url = Url::parse(url).expect("an absolute URL");
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs().into_owned() {
        let before = parameters.insert(name.clone(), value);
        assert_eq!(before, None, "{name} is there twice in {url}");
    }
    parameters
}

/// One of them.
#[track_caller]
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let value = parameters(url).remove(name);
    value.unwrap_or_else(|| panic!("{url} lacks {name}"))
}
