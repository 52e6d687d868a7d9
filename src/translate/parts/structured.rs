//! An answer of a given shape, from a model of Anthropic's format.
//!
//! Three ways, the best that the model has: the API compiles the schema; or the answer is the arguments of a
//! tool made for it; or the model is told. Being told is all there is for "any JSON object".

use serde_json::{Map, Value, json};

use super::{
    schema::{self, LIMITS, Weight},
    tool_list::{Choice, Function, ToolList},
};
use crate::translate::{Notes, Refusal, Traits};

/// The name of the tool whose arguments are the answer.
const TOOL: &str = "structured_output";

const ANY_OBJECT: &str =
    "Answer with a single JSON object and nothing else: no prose before or after it and no code fence.";

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// Some JSON object.
    Json,
    /// JSON of a schema, with its description.
    Schema { schema: &'a Map<String, Value>, description: Option<&'a str> },
}

/// How it is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// `output_config.format`.
    pub format: Option<Value>,
    /// What it weighs.
    pub weight: Weight,
    /// The upstream name of the tool that was added to the list ([`crate::translate::Memo::json_tool`]).
    pub tool: Option<String>,
    /// A line for the end of the system prompt.
    pub instruction: Option<String>,
}

/// Decides, and adds the tool and its choice where that is the way. `path` is the schema's.
pub fn shape(
    ask: Ask<'_>,
    tools: &mut ToolList,
    choice: &mut Choice,
    traits: &Traits,
    path: &str,
    notes: &mut Notes,
) -> Result<Shape, Refusal> {
    let Ask::Schema { schema, description } = ask else {
        notes.add("json_object became an instruction");
        return Ok(told(ANY_OBJECT.to_owned()));
    };
    if traits.structured {
        let grammar = schema::for_grammar(schema);
        if grammar.weight.fits(LIMITS) {
            if grammar.loosened {
                notes.add("constraints of the output's schema became descriptions");
            }
            let format = json!({ "type": "json_schema", "schema": grammar.schema });
            return Ok(Shape { format: Some(format), weight: grammar.weight, ..Shape::default() });
        }
    }
    if choice.forces() {
        notes.add("response_format dropped: a tool is forced");
        return Ok(Shape::default());
    }
    if traits.forced_tools && is_for_objects(schema) {
        notes.add("response_format became a forced tool");
        let name = add_tool(schema, description, tools, traits, path, notes)?;
        *choice = match choice {
            // It may still call the client's own tools first.
            Choice::Unset | Choice::Auto if tools.len() > 1 => Choice::Any,
            _ => Choice::Named(name.clone()),
        };
        return Ok(Shape { tool: Some(name), ..Shape::default() });
    }
    notes.add("response_format became an instruction");
    let schema = Value::Object(schema.clone());
    Ok(told(format!(
        "When you answer, answer with JSON that matches this schema and nothing else: no prose before or after it and no code fence.\n\n{schema}"
    )))
}

fn add_tool(
    schema: &Map<String, Value>,
    description: Option<&str>,
    tools: &mut ToolList,
    traits: &Traits,
    path: &str,
    notes: &mut Notes,
) -> Result<String, Refusal> {
    let mut name = TOOL.to_owned();
    while tools.contains(&name) {
        name.push('_');
    }
    let told = "Gives the final answer. Call it once, when you are ready to answer.";
    let description =
        description.map_or_else(|| told.to_owned(), |description| format!("{told}\n\n{description}"));
    let parameters = Value::Object(schema.clone());
    let function = Function {
        name: name.clone(),
        description: Some(description),
        parameters: Some(&parameters),
        ..Function::default()
    };
    tools.function(function, path, traits, notes)?;
    Ok(name)
}

/// Arguments are an object; a list cannot be an answer this way.
fn is_for_objects(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_none_or(|kind| kind == "object")
}

fn told(instruction: String) -> Shape {
    Shape { instruction: Some(instruction), ..Shape::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(schema: &Value, model: &Traits, tools: &[&str], choice: Choice) -> (Shape, Choice, Vec<Value>) {
        let (mut list, mut choice, mut notes) = (ToolList::default(), choice, Notes::default());
        for name in tools {
            list.text_tool((*name).to_owned(), None, None);
        }
        let ask = Ask::Schema { schema: schema.as_object().unwrap(), description: None };
        let shape = shape(ask, &mut list, &mut choice, model, "p", &mut notes).unwrap();
        (shape, choice, list.finish(Weight::default(), &mut notes))
    }

    #[test]
    fn the_best_way_that_there_is() {
        let schema =
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] });
        let (native, old) = (Traits::default(), Traits { structured: false, ..Traits::default() });
        let (shape, choice, tools) = shaped(&schema, &native, &[], Choice::Unset);
        assert_eq!(shape.format.unwrap()["schema"]["additionalProperties"], false);
        assert!(choice == Choice::Unset && tools.is_empty());

        let (shape, choice, tools) = shaped(&schema, &old, &[], Choice::Unset);
        assert_eq!(shape.tool.as_deref(), Some("structured_output"));
        assert_eq!(choice, Choice::Named("structured_output".into()));
        assert_eq!(tools[0]["input_schema"], schema);

        let unforced = Traits { forced_tools: false, ..old };
        let (shape, _, tools) = shaped(&schema, &unforced, &[], Choice::Unset);
        assert!(shape.instruction.unwrap().contains("\"properties\"") && tools.is_empty());
    }

    #[test]
    fn beside_tools_of_the_client() {
        let schema = json!({ "type": "object", "properties": {} });
        let old = Traits { structured: false, ..Traits::default() };
        let choice = |choice| shaped(&schema, &old, &["f", "structured_output"], choice);
        assert_eq!(choice(Choice::Auto).1, Choice::Any);
        assert_eq!(choice(Choice::None).1, Choice::Named("structured_output_".into()));
        let (shape, kept, tools) = choice(Choice::Named("f".into()));
        assert_eq!((shape, kept, tools.len()), (Shape::default(), Choice::Named("f".into()), 2));
    }

    #[test]
    fn what_is_too_large_to_compile_is_a_tool() {
        let properties: Map<String, Value> = (0..30).map(|at| (format!("p{at}"), json!({}))).collect();
        let schema = json!({ "type": "object", "properties": properties });
        assert!(shaped(&schema, &Traits::default(), &[], Choice::Unset).0.tool.is_some());
    }
}
