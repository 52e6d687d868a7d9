//! What a model can do, where its name does not tell.

use serde_json::{Map, Value};

use super::walk::At;
use crate::translate::effort::{Effort, EffortSet};

/// `None`: as the model's name suggests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `temperature`, `top_p`.
    pub sampling: Option<bool>,
    /// Stop sequences.
    pub stop: Option<bool>,
    /// Whether thinking can be asked for.
    pub reasoning: Option<bool>,
    /// The efforts it can be asked by.
    pub reasoning_efforts: Option<EffortSet>,
    /// A JSON schema for the output.
    pub response_format: Option<bool>,
    pub images: Option<bool>,
    /// PDF documents.
    pub files: Option<bool>,
    /// `stream_options`.
    pub stream_options: Option<bool>,
    /// Wants its `reasoning_content` back in the history.
    pub reasoning_content: Option<bool>,
    /// Writes its thinking between `<think>` tags in the content.
    pub think_tags: Option<bool>,
    /// Thinks while there are tools, asked in Chat.
    pub effort_with_tools: Option<bool>,
    /// Tells what it thinks in short, asked in Responses.
    pub reasoning_summary: Option<bool>,
    /// Takes only the plainest JSON schemas.
    pub plain_schemas: Option<bool>,
    /// Takes what only OpenAI's own models take (`developer`, `max_completion_tokens`, …).
    pub openai_dialect: Option<bool>,
    /// Speaks Responses as ChatGPT does to Codex.
    pub codex_dialect: Option<bool>,
    /// System messages anywhere in a Messages conversation.
    pub system_anywhere: Option<bool>,
    /// Goes on with an answer that the client begins.
    pub prefill: Option<bool>,
    /// A tool can be forced.
    pub forced_tools: Option<bool>,
}

impl Capabilities {
    /// What was configured, by the names of the config file.
    pub fn told(&self) -> Map<String, Value> {
        let flags = [
            ("supportsSampling", self.sampling),
            ("supportsStop", self.stop),
            ("supportsReasoning", self.reasoning),
            ("supportsResponseFormat", self.response_format),
            ("supportsImages", self.images),
            ("supportsFiles", self.files),
            ("supportsStreamOptions", self.stream_options),
            ("supportsReasoningContent", self.reasoning_content),
            ("usesThinkTags", self.think_tags),
            ("supportsEffortWithTools", self.effort_with_tools),
            ("supportsReasoningSummary", self.reasoning_summary),
            ("needsPlainSchemas", self.plain_schemas),
            ("speaksOpenaiDialect", self.openai_dialect),
            ("speaksCodexDialect", self.codex_dialect),
            ("supportsSystemAnywhere", self.system_anywhere),
            ("supportsPrefill", self.prefill),
            ("supportsForcedTools", self.forced_tools),
        ];
        let flags = flags.into_iter().filter_map(|(name, flag)| Some((name.to_owned(), flag?.into())));
        let efforts = self.reasoning_efforts.map(|set| {
            let names: Vec<&str> = set.iter().map(Effort::name).collect();
            ("reasoningEfforts".to_owned(), names.into())
        });
        flags.chain(efforts).collect()
    }
}

/// The capabilities at `at`.
pub(super) fn read(at: &At<'_>) -> Option<Capabilities> {
    let mut fields = at.fields(r#"an object such as {"supportsImages": false}"#)?;
    let mut flag = |names: &[&'static str]| fields.get(names).and_then(|field| field.flag());
    let capabilities = Capabilities {
        sampling: flag(&["supportsSampling"]),
        stop: flag(&["supportsStop"]),
        reasoning: flag(&["supportsReasoning", "supportsThinking"]),
        reasoning_efforts: None,
        response_format: flag(&["supportsResponseFormat"]),
        images: flag(&["supportsImages"]),
        files: flag(&["supportsFiles"]),
        stream_options: flag(&["supportsStreamOptions"]),
        reasoning_content: flag(&["supportsReasoningContent"]),
        think_tags: flag(&["usesThinkTags"]),
        effort_with_tools: flag(&["supportsEffortWithTools"]),
        reasoning_summary: flag(&["supportsReasoningSummary"]),
        plain_schemas: flag(&["needsPlainSchemas"]),
        openai_dialect: flag(&["speaksOpenaiDialect"]),
        codex_dialect: flag(&["speaksCodexDialect"]),
        system_anywhere: flag(&["supportsSystemAnywhere"]),
        prefill: flag(&["supportsPrefill"]),
        forced_tools: flag(&["supportsForcedTools"]),
    };
    let reasoning_efforts = fields.get(&["reasoningEfforts"]).and_then(|field| read_efforts(&field));
    // The predecessor's; what they are about is not changed by a relay and dropped by a translation.
    fields.skip(&["supportsLogprobs", "supportsServiceTier", "supportsPrediction"]);
    fields.finish();
    Some(Capabilities { reasoning_efforts, ..capabilities })
}

fn read_efforts(at: &At<'_>) -> Option<EffortSet> {
    let mut efforts = Vec::new();
    for item in at.items() {
        match Effort::from_name(item.text()?) {
            Some(effort) => efforts.push(effort),
            None => {
                let known = Effort::ALL.map(Effort::name).join(", ");
                item.error(format!("unknown effort; write one of {known}"));
            }
        }
    }
    (!efforts.is_empty()).then(|| EffortSet::of(&efforts))
}
