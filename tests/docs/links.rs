//! No link in a document is broken.
//!
//! In a Markdown file a relative link names a file or a folder of the repository, and its fragment a heading of that
//! file. Any other link is an absolute `https` URL, in documentation comments too; rustdoc checks links to items.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use percent_encoding::percent_decode_str;
use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};
use url::{Host, Url};

/// Folders that are not part of the repository.
const FOREIGN: [&str; 3] = [".git", "node_modules", "target"];

#[test]
fn no_link_is_broken() {
    let mut tree = Tree::default();
    tree.add(Path::new(env!("CARGO_MANIFEST_DIR")), "");
    assert!(tree.files.contains_key("README.md"));
    let complaints = tree.complaints();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The files and folders of a repository by path. A file that can have links is there with its text.
#[derive(Default)]
struct Tree {
    files: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// Adds the files and folders below a folder.
    fn add(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
            let entry = entry.expect("a folder of the repository can be read");
            let name = entry.file_name().into_string().expect("names are UTF-8");
            let path = format!("{prefix}{name}");
            if !entry.path().is_dir() {
                let text = match kind(&path) {
                    Kind::Other => String::new(),
                    _ => fs::read_to_string(entry.path()).expect("it is UTF-8"),
                };
                self.files.insert(path, text);
            } else if !FOREIGN.contains(&name.as_str()) {
                self.add(&entry.path(), &format!("{path}/"));
                self.folders.insert(path);
            }
        }
    }

    /// The broken links, each as `file: link: reason`.
    fn complaints(&self) -> Vec<String> {
        let mut documents = HashMap::new();
        let mut links = Vec::new();
        for (file, text) in &self.files {
            match kind(file) {
                Kind::Markdown => {
                    let document = Document::read(text);
                    links.extend(document.links.iter().map(|link| (file, link.clone())));
                    documents.insert(file.as_str(), document);
                }
                Kind::Rust => {
                    let comments = Document::read(&comments(text)).links;
                    let out = comments.into_iter().filter(|link| link.contains("://"));
                    links.extend(out.map(|link| (file, link)));
                }
                Kind::Other => {}
            }
        }
        links
            .into_iter()
            .filter_map(|(file, link)| {
                let reason = match Url::parse(&link) {
                    Ok(url) => check_url(&url),
                    Err(_) if link.contains("://") => Err("not a URL"),
                    Err(_) => self.check_path(&documents, file, &link),
                };
                Some(format!("{file}: {link}: {}", reason.err()?))
            })
            .collect()
    }

    fn check_path(
        &self,
        documents: &HashMap<&str, Document>,
        file: &str,
        link: &str,
    ) -> Result<(), &'static str> {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() {
            file.to_owned()
        } else {
            resolve(file, path).ok_or("not a path in this repository")?
        };
        if !self.files.contains_key(&target) && !self.folders.contains(&target) {
            return Err("no such file");
        }
        let has_anchor = |document: &Document| document.anchors.contains(fragment);
        if !fragment.is_empty() && !documents.get(target.as_str()).is_some_and(has_anchor) {
            return Err("no such heading");
        }
        Ok(())
    }
}

fn check_url(url: &Url) -> Result<(), &'static str> {
    if url.scheme() != "https" {
        return Err("not https");
    }
    match url.host() {
        Some(Host::Domain(host)) if host.contains('.') && !host.ends_with('.') => Ok(()),
        _ => Err("not a public host"),
    }
}

/// Resolves a relative path of a link in `file`.
fn resolve(file: &str, path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut folders: Vec<&str> = file.split('/').collect();
    folders.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "" => return None,
            "." => {}
            ".." => drop(folders.pop()?),
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

enum Kind {
    Markdown,
    Rust,
    Other,
}

fn kind(file: &str) -> Kind {
    match file.rsplit_once('.') {
        Some((_, "md")) => Kind::Markdown,
        Some((_, "rs")) => Kind::Rust,
        _ => Kind::Other,
    }
}

/// The documentation comments of Rust source, as Markdown.
fn comments(source: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("//!").or(line.strip_prefix("///"));
        format!("{}\n", text.unwrap_or_default())
    };
    source.lines().map(line).collect()
}

/// The links of a Markdown text, and the anchors that a fragment can name.
#[derive(Default)]
struct Document {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self::default();
        let mut undefined = Vec::new();
        let callback = |broken: BrokenLink<'_>| {
            // `[text]` alone need not be a link.
            if broken.link_type != LinkType::Shortcut {
                undefined.push(format!("[{}]", broken.reference));
            }
            None
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        let parser = Parser::new_with_broken_link_callback(text, options, Some(callback));
        let mut heading = None;
        for event in parser {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => document.add_heading(heading.take()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Html(html) | Event::InlineHtml(html) => document.read_html(&html),
                _ => {}
            }
        }
        document.links.extend(undefined);
        document
    }

    /// Names a heading as the forge does: in lower case, without punctuation, numbered if it is not the first.
    fn add_heading(&mut self, heading: Option<String>) {
        let slug: String = heading
            .unwrap_or_default()
            .to_lowercase()
            .chars()
            .filter(|char| char.is_alphanumeric() || " -_".contains(*char))
            .map(|char| if char == ' ' { '-' } else { char })
            .collect();
        let mut anchor = slug.clone();
        for number in 1.. {
            if self.anchors.insert(anchor) {
                break;
            }
            anchor = format!("{slug}-{number}");
        }
    }

    fn read_html(&mut self, html: &str) {
        for name in ["href", "src", "srcset"] {
            self.links.extend(attributes(html, name));
        }
        for name in ["id", "name"] {
            self.anchors.extend(attributes(html, name));
        }
    }
}

/// The values, in double quotes, of the attributes of this name.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = String> + use<'a> {
    html.split(&format!(" {name}=\""))
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(value, _)| value.to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

/// The complaints about a repository of these files.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter();
    let files = files.map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    Tree {
        files: files.collect(),
        folders: BTreeSet::from(["docs".to_owned()]),
    }
    .complaints()
}

#[test]
fn links_within_the_repository_are_followed() {
    let good = [
        (
            "README.md",
            concat!(
                "# One `Two`: three\n# One `Two`: three\n<a id=\"four\"></a>\n\n",
                "[a](docs/a.md) [b](docs/) [c](./docs/a.md#e-mail) [d](#one-two-three-1) [e](#four)\n",
                "![f](docs/f%20g.png) <img alt=\"\" src=\"docs/f g.png\"> <https://h.example/i?j#k>\n",
                "[l][m] [0.1.0] `[n](o)`\n\n[m]: docs/a.md\n",
            ),
        ),
        ("docs/a.md", "[up](../README.md#one-two-three)\n\n## E-mail"),
        ("docs/f g.png", ""),
    ];
    assert!(of(&good).is_empty(), "{:?}", of(&good));
}

#[test]
fn broken_links_are_found() {
    for (link, reason) in [
        ("[a](b.md)", "README.md: b.md: no such file"),
        ("[a](#b)", "README.md: #b: no such heading"),
        ("[a](docs#b)", "README.md: docs#b: no such heading"),
        (
            "[a](../b.md)",
            "README.md: ../b.md: not a path in this repository",
        ),
        (
            "[a](/b.md)",
            "README.md: /b.md: not a path in this repository",
        ),
        ("![a](b.png)", "README.md: b.png: no such file"),
        (
            "<img alt=\"a\" src=\"b.png\">",
            "README.md: b.png: no such file",
        ),
        ("[a][b]", "README.md: [b]: no such file"),
        (
            "<http://a.example>",
            "README.md: http://a.example: not https",
        ),
        (
            "[a](https://localhost/b)",
            "README.md: https://localhost/b: not a public host",
        ),
        ("[a](https://)", "README.md: https://: not a URL"),
        (
            "[a](mailto:b@c.example)",
            "README.md: mailto:b@c.example: not https",
        ),
    ] {
        let complaints = of(&[("README.md", link)]);
        assert_eq!(complaints.join("\n"), reason, "{link}");
    }
}

#[test]
fn links_out_of_documentation_comments_are_checked() {
    let source = "//! [a](http://b.example)\n\n    /// [`C`](crate::C), <https://d.example>\n";
    assert_eq!(
        of(&[("src/lib.rs", source)]),
        ["src/lib.rs: http://b.example: not https"]
    );
}
