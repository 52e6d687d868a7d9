//! What is kept of a translated request until its answer comes.

use serde_json::{Map, Value};

use super::{Scene, tools::ToolNames};

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// The model as the client called it.
    pub requested: String,
    /// The provider that answers; its sealed thinking is for nobody else.
    pub provider: String,
    /// The model's id there.
    pub model: String,
    /// Unique to the request and safe in ids.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Of the tools, from the provider's names to the client's.
    pub tools: ToolNames,
    /// A guess at the tokens of the request, for what clients show before the true number is known.
    pub input_estimate: u64,
    /// Chat clients: whether `stream_options.include_usage` asks for a chunk of usage.
    pub include_usage: bool,
    /// The tool (by its upstream name) that was forced in place of a structured output; its arguments are
    /// the answer's text.
    pub json_tool: Option<String>,
    /// Chat upstreams: whether `<think>` at the beginning of content is thinking.
    pub think_tags: bool,
    /// Responses clients: the fields of the request that its `Response` object repeats (`instructions`,
    /// `tools`, `tool_choice`, `temperature`, …), as the client sent them.
    pub echo: Map<String, Value>,
}

impl Memo {
    pub fn new(scene: &Scene<'_>) -> Self {
        Self {
            requested: scene.requested.to_owned(),
            provider: scene.provider.to_owned(),
            model: scene.model.to_owned(),
            id: scene.id.to_owned(),
            created: scene.created,
            think_tags: scene.traits.think_tags,
            ..Self::default()
        }
    }
}
