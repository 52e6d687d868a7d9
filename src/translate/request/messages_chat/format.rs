//! Structured output.

use serde_json::{Value, json};

use super::{
    field::{Object, Under, object, object_of, string},
    work::Work,
};
use crate::translate::{
    Refusal,
    parts::{plain_schema, schema::openai_strict},
};

/// What a schema is called when the client has no name for it; Chat wants one.
const NAME: &str = "structured_output";

/// How the answer is to be shaped.
pub(super) enum Format {
    /// Chat's `response_format`.
    Native(Value),
    /// Words for the system prompt, for models that take no schema.
    Words(String),
}

/// The format in an `output_config`, or at the top of the body where it was in the beta.
pub(super) fn format(
    body: &mut Object,
    config: &mut Object,
    work: &mut Work<'_>,
) -> Result<Option<Format>, Refusal> {
    match object(config, "format").under(|| "output_config".to_owned())? {
        Some(found) => of(found, work).under(|| "output_config.format".to_owned()),
        None => match object(body, "output_format")? {
            Some(found) => of(found, work).under(|| "output_format".to_owned()),
            None => Ok(None),
        },
    }
}

fn of(mut format: Object, work: &mut Work<'_>) -> Result<Option<Format>, Refusal> {
    if string(&mut format, "type")?.as_deref() != Some("json_schema") {
        work.note("unknown output format dropped");
        return Ok(None);
    }
    let mut schema = object(&mut format, "schema")?.ok_or_else(|| Refusal::new("schema", "is required"))?;
    schema.shift_remove("$schema");
    let mut schema = Value::Object(schema);
    if !work.traits().structured {
        work.note("output format asked for in words: the model takes no schema");
        return Ok(Some(Format::Words(format!(
            "Answer with JSON alone, without a code fence, that is valid against this JSON schema:\n{schema}"
        ))));
    }
    if work.traits().plain_schemas {
        plain_schema::plain(&mut schema);
    }
    let strict = openai_strict(&schema);
    let named = object_of([("name", json!(NAME)), ("schema", schema), ("strict", json!(strict))]);
    Ok(Some(Format::Native(object_of([("type", json!("json_schema")), ("json_schema", named)]))))
}
