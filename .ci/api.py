"""Lists the public API of a crate, from rustdoc's JSON: a line for each item, its path and its signature. Fails if
an item of a crate in WITH_EXAMPLES has no example: neither a code block nor a link whose text is "example".

    python3 .ci/api.py target/doc/tower_didit.json .   # the JSON; the folder that its paths start from

Signatures are those of the source. Blanket implementations, auto traits that a type has, and items that are
hidden from the documentation are not listed. Of an item that a macro writes, the kind is.
"""

import json
import pathlib
import re
import sys

TYPES = ("struct", "enum", "union", "trait", "type_alias")
WITH_EXAMPLES = ("tower_didit",)
EXAMPLE = re.compile(r"^```|\[examples?\]\(", re.IGNORECASE | re.MULTILINE)


class Api:
    def __init__(self, document, folder):
        self.index = document["index"]
        self.folder = pathlib.Path(folder)
        self.files = {}
        self.lines = set()
        self.types = {}  # ids, and paths
        self.without_example = set()
        root = self.get(document["root"])
        self.module(root, root["name"])
        for identity, path in self.types.items():
            self.implementations(identity, path)

    def get(self, identity):
        return self.index.get(str(identity))

    def add(self, path, text):
        self.lines.add(f"{path}: {text}")

    def module(self, module, path):
        for identity in module["inner"]["module"]["items"]:
            if item := self.get(identity):
                self.item(item, path, item["name"])

    def item(self, item, parent, name):
        kind, inner = kind_of(item)
        path = f"{parent}::{name}"
        if kind == "use":
            target = self.get(inner["id"])
            if target and not inner["is_glob"]:
                self.item(target, parent, inner["name"])
            else:
                self.add(parent, self.signature(item))
            return
        self.add(path, self.signature(item))
        if kind in (*TYPES, "function") and not EXAMPLE.search(item["docs"] or ""):
            self.without_example.add(path)
        if kind == "module":
            self.module(item, path)
        if kind in TYPES:
            self.types[item["id"]] = path
        for identity in members(kind, inner):
            if member := self.get(identity):
                self.item(member, path, member["name"])

    def implementations(self, identity, path):
        _, inner = kind_of(self.get(identity))
        found = [item for item in map(self.get, inner.get("impls", [])) if item]
        auto_traits = set()  # that it has, by itself or by an implementation
        for item in found:
            implementation = item["inner"]["impl"]
            trait = implementation["trait"]
            if trait and not implementation["is_negative"]:
                auto_traits.add(last_part(trait["path"]))
            if implementation["is_synthetic"]:
                continue
            if trait is None:
                for member in map(self.get, implementation["items"]):
                    if member and member["visibility"] == "public":
                        self.item(member, path, member["name"])
            elif implementation["blanket_impl"] is None:
                self.implementation(item, identity, path)
        if found:
            for trait in sorted({"Send", "Sync", "Unpin"} - auto_traits):
                self.add(path, f"not {trait}")

    def implementation(self, item, identity, path):
        _, inner = kind_of(item)
        trait = inner["trait"]
        of_another = inner["for"].get("resolved_path", {}).get("id", identity) != identity
        private = any(
            named not in self.types and kind_of(self.get(named))[0] in TYPES
            for named in ids(trait["args"])
            if self.get(named)
        )
        if of_another or private or last_part(trait["path"]) == "StructuralPartialEq":
            return
        signature = self.signature(item)
        self.add(path, signature)
        for member in map(self.get, inner["items"]):
            if member and kind_of(member)[0] == "assoc_type":
                self.add(path, f"{signature} {{ {self.signature(member)} }}")

    def signature(self, item):
        kind, inner = kind_of(item)
        if kind == "module":
            return "mod"
        text = without_body(kind, self.source(item["span"]))
        if kind == "impl" and not text.startswith("impl"):
            return f"impl {last_part(inner['trait']['path'])}"
        if kind not in ("impl", "use") and item["name"] not in text:
            return f"{kind} that {text} writes"
        if kind == "function" and inner["has_body"] and item["visibility"] == "default":
            text += " { .. }"
        if "non_exhaustive" in str(item["attrs"]):
            text = f"#[non_exhaustive] {text}"
        return text

    def source(self, span):
        """What stands in the source, on one line, as rustfmt would write it there."""
        name = span["filename"]
        if name not in self.files:
            self.files[name] = (self.folder / name).read_text(encoding="utf-8").splitlines()
        (first, start), (last, end) = span["begin"], span["end"]
        lines = self.files[name][first - 1 : last]
        lines[-1] = lines[-1].encode()[: end - 1].decode()
        lines[0] = lines[0].encode()[start - 1 :].decode()
        text = " ".join(re.sub(r"(^|\s)//.*", "", line) for line in lines)
        for pattern, replacement in (
            (r"#\[[^\]]*\]", ""),
            (r"\bmut self\b", "self"),
            (r"\s+", " "),
            (r"([(<\[]) ", r"\1"),
            (r",? ([)\]])", r"\1"),
            (r",? >(?!=)", ">"),
            (r", }", " }"),
        ):
            text = re.sub(pattern, replacement, text)
        return text.strip()


def kind_of(item):
    return next(iter(item["inner"].items()))


def members(kind, inner):
    """The ids of variants, public fields and trait items."""
    if kind == "trait":
        return inner["items"]
    if kind == "enum":
        return inner["variants"]
    if kind == "struct" and isinstance(inner["kind"], dict):
        shape = inner["kind"]
        return shape["plain"]["fields"] if "plain" in shape else [field for field in shape["tuple"] if field is not None]
    return []


def ids(value):
    """Every id that a piece of JSON names."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), int):
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from ids(part)


def without_body(kind, text):
    if kind in ("variant", "use"):
        return text
    ends = {"struct": "{;(", "assoc_const": "{;=", "constant": "{;="}.get(kind, "{;")
    depth = 0
    for at, char in enumerate(text):
        if depth == 0 and char in ends:
            return text[:at].strip().removesuffix(",")
        depth += (char in "([") - (char in ")]")
    return text


def last_part(path):
    return path.split("::")[-1]


def main():
    file, folder = sys.argv[1:]
    with open(file, encoding="utf-8") as text:
        api = Api(json.load(text), folder)
    if pathlib.Path(file).stem in WITH_EXAMPLES and api.without_example:
        sys.exit("\n".join(["these items need an example, or a link to one:", *sorted(api.without_example)]))
    own = [path for path in api.types.values() if path.split("::")[1] != "fake"]
    print(f"# {len(own)} types. To write this list anew: UPDATE=1 ./test.sh api")
    print("\n".join(sorted(api.lines)))


if __name__ == "__main__":
    main()
