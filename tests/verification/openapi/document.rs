//! Didit's OpenAPI document: its operations, their schemas and their examples.

use std::{fs, path::Path};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// The document of OpenAPI 3.0, with its schemas rewritten for JSON Schema.
pub(super) struct Document {
    server: String,
    key_header: String,
    paths: Map<String, Value>,
    components: Value,
}

/// A method and a path template, such as `get /v3/session/{sessionId}/decision/`.
pub(super) type Name = &'static str;

/// A response that the document shows.
pub(super) struct Example {
    pub(super) status: StatusCode,
    pub(super) name: String,
    pub(super) body: Value,
    /// The example of the response's `Retry-After`.
    pub(super) retry_after: Option<u64>,
}

impl Document {
    /// Reads the document that `./test.sh openapi` has fetched.
    pub(super) fn read() -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let path = target.join("openapi/openapi_v3.json");
        let text = fs::read(&path).unwrap_or_else(|error| {
            panic!(
                "Didit's OpenAPI document is missing: run `./test.sh openapi`, which fetches it ({}: {error})",
                path.display()
            )
        });
        let mut document: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(document["openapi"], "3.0.0");
        rewrite_all(&mut document["components"]["schemas"]);
        let scheme = &document["components"]["securitySchemes"]["ApiKeyAuth"];
        assert_eq!(scheme["in"], "header");
        Self {
            server: document["servers"][0]["url"].as_str().unwrap().to_owned(),
            key_header: scheme["name"].as_str().unwrap().to_owned(),
            components: document["components"].take(),
            paths: match document["paths"].take() {
                Value::Object(paths) => paths,
                other => panic!("{other}"),
            },
        }
    }

    /// The names of the operations with these paths.
    pub(super) fn names(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let paths = self.paths.iter().filter(|(path, _)| is_wanted(path));
        let names = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        });
        names.collect()
    }

    /// The examples of an operation's responses.
    pub(super) fn examples(&self, name: &str) -> Vec<Example> {
        let mut examples = Vec::new();
        for (status, response) in self.operation(name)["responses"].as_object().unwrap() {
            let retry_after = &response["headers"]["Retry-After"]["schema"]["example"];
            let shown = &response["content"]["application/json"]["examples"];
            for (name, example) in shown.as_object().into_iter().flatten() {
                examples.push(Example {
                    status: status.parse().unwrap(),
                    name: name.clone(),
                    body: example["value"].clone(),
                    retry_after: retry_after.as_u64(),
                });
            }
        }
        examples
    }

    /// The statuses of an operation's responses.
    pub(super) fn statuses(&self, name: &str) -> Vec<String> {
        let responses = self.operation(name)["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    }

    /// The members that the schema of an operation's request body has.
    pub(super) fn body_members(&self, name: &str) -> Vec<String> {
        let body = &self.operation(name)["requestBody"]["content"]["application/json"];
        let members = body["schema"]["properties"].as_object();
        members
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What is wrong with a request of this operation.
    pub(super) fn faults_of_request(&self, name: &str, request: &Request<Bytes>) -> Vec<String> {
        let operation = self.operation(name);
        let (method, template) = name.split_once(' ').unwrap();
        let mut faults = Vec::new();
        if !request.method().as_str().eq_ignore_ascii_case(method) {
            faults.push(format!("the method is {}", request.method()));
        }
        if !request.headers().contains_key(&self.key_header) {
            faults.push(format!("{} is missing", self.key_header));
        }
        faults.extend(self.faults_of_url(operation, template, request.uri()));
        faults.extend(self.faults_of_request_body(operation, request));
        faults
    }

    /// What is wrong with a response to a request of this operation.
    pub(super) fn faults_of_response(&self, name: &str, response: &Response<Bytes>) -> Vec<String> {
        let status = response.status();
        let Some(documented) = self.operation(name)["responses"].get(status.as_str()) else {
            return vec![format!("the status is {status}")];
        };
        self.faults_of_body(documented, response.headers(), response.body())
    }

    fn faults_of_url(&self, operation: &Value, template: &str, uri: &Uri) -> Vec<String> {
        let url = uri.to_string();
        let Some(url) = url.strip_prefix(&self.server) else {
            return vec![format!("the URL is {url}")];
        };
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let actual: Vec<_> = path.split('/').collect();
        let expected: Vec<_> = template.split('/').collect();
        if actual.len() != expected.len() {
            return vec![format!("the path is {path}")];
        }
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let find = |place: &str, name: &str| {
            let is = |parameter: &&Value| parameter["in"] == place && parameter["name"] == name;
            parameters.iter().find(is)
        };
        let mut faults = Vec::new();
        for (actual, expected) in actual.into_iter().zip(expected) {
            let variable = expected
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            match variable {
                Some(name) => {
                    let schema = &find("path", name).unwrap()["schema"];
                    faults.extend(self.faults_of_value(schema, &actual.into(), name));
                }
                None if actual != expected => faults.push(format!("the path is {path}")),
                None => {}
            }
        }
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        for (name, text) in &pairs {
            let Some(parameter) = find("query", name) else {
                faults.push(format!("there is no parameter {name}"));
                continue;
            };
            let schema = &parameter["schema"];
            let value = match schema["type"].as_str() {
                Some("string") => Value::from(text.as_ref()),
                _ => serde_json::from_str(text).unwrap_or(text.as_ref().into()),
            };
            faults.extend(self.faults_of_value(schema, &value, name));
            if pairs.iter().filter(|(other, _)| other == name).count() > 1 {
                faults.push(format!("{name} is there twice"));
            }
        }
        let is_required =
            |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
        for parameter in parameters.iter().filter(is_required) {
            let name = parameter["name"].as_str().unwrap();
            if !pairs.iter().any(|(other, _)| other == name) {
                faults.push(format!("{name} is missing"));
            }
        }
        faults
    }

    fn faults_of_request_body(&self, operation: &Value, request: &Request<Bytes>) -> Vec<String> {
        let documented = &operation["requestBody"];
        match (documented.is_object(), request.body().is_empty()) {
            (_, true) if documented["required"] == true => vec!["the body is missing".to_owned()],
            (_, true) => Vec::new(),
            (false, false) => vec!["there is a body".to_owned()],
            (true, false) => self.faults_of_body(documented, request.headers(), request.body()),
        }
    }

    /// `documented` is a request body or a response.
    fn faults_of_body(
        &self,
        documented: &Value,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Vec<String> {
        let Some(contents) = documented["content"].as_object() else {
            return match body {
                [] => Vec::new(),
                _ => vec!["there is a body".to_owned()],
            };
        };
        let media_type = headers.get(header::CONTENT_TYPE);
        let media_type = media_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let Some(content) = contents.get(media_type) else {
            return vec![format!("the content type is {media_type:?}")];
        };
        if media_type != "application/json" {
            return Vec::new();
        }
        match serde_json::from_slice(body) {
            Err(error) => vec![format!("the body is not JSON: {error}")],
            Ok(value) => match content.get("schema") {
                Some(schema) => self.faults_of_value(schema, &value, "body"),
                None => Vec::new(),
            },
        }
    }

    /// A schema of `paths`, as the document has it.
    fn faults_of_value(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut schema = schema.clone();
        rewrite(&mut schema);
        // References start at the root.
        schema["components"] = self.components.clone();
        let validator = validator(&schema);
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{place}{}: {error}", error.instance_path()))
            .collect()
    }

    fn operation(&self, name: &str) -> &Value {
        let (method, path) = name.split_once(' ').unwrap();
        let operation = self.paths.get(path).and_then(|path| path.get(method));
        operation.unwrap_or_else(|| panic!("the document has no {name}"))
    }
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    let options = options.should_validate_formats(true);
    options.build(schema).unwrap()
}

/// Rewrites a schema of OpenAPI 3.0 for JSON Schema: `nullable` is a type of its own there. Members that an object's
/// schema does not name are faults.
fn rewrite(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    members.remove("example");
    for name in ["items", "additionalProperties", "not"] {
        members.entry(name).and_modify(rewrite);
    }
    members.entry("properties").and_modify(rewrite_all);
    for name in ["allOf", "anyOf", "oneOf"] {
        let parts = members.get_mut(name).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(rewrite);
    }
    if members.contains_key("properties") && !members.contains_key("additionalProperties") {
        members.insert("unevaluatedProperties".to_owned(), false.into());
    }
    if members.remove("nullable") != Some(true.into()) {
        return;
    }
    let nullable = members.get("type").cloned();
    match nullable {
        Some(of) => drop(members.insert("type".to_owned(), json!([of, "null"]))),
        None => *schema = json!({"anyOf": [schema.take(), {"type": "null"}]}),
    }
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
}

/// Rewrites the schemas that are the members of an object.
fn rewrite_all(schemas: &mut Value) {
    let schemas = schemas.as_object_mut().unwrap();
    schemas.values_mut().for_each(rewrite);
}

#[test]
fn a_schema_of_openapi_3_0_is_rewritten() {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "nullable": {"type": "string", "enum": ["a"], "nullable": true},
            "list": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "integer"}}}},
            "free": {"type": "object", "additionalProperties": true, "properties": {}}
        }
    });
    rewrite(&mut schema);
    let validator = validator(&schema);
    for value in [
        json!({"nullable": null}),
        json!({"nullable": "a", "list": [{"b": 1}, {}], "free": {"c": 1}}),
    ] {
        assert!(validator.is_valid(&value), "{value}");
    }
    for value in [
        json!({"nullable": "b"}),
        json!({"list": null}),
        json!({"list": [{"b": "1"}]}),
        json!({"list": [{"c": 1}]}),
        json!({"other": 1}),
    ] {
        assert!(!validator.is_valid(&value), "{value}");
    }
}
