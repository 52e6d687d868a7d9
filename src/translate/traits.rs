//! What is known of a model: what it takes, what it refuses, how much it writes.
//!
//! Known models are recognised by their names, which carry the same meaning at every provider; a config's
//! `capabilities` and `maxOutputTokens` outrank that. Of a model that nobody has heard of, the cautious
//! thing is assumed: what nearly every compatible server takes, and no more.

use super::effort::{
    Effort::{self, High, Low, Max, Medium, Minimal, None as Off, Xhigh},
    EffortSet,
};
use crate::config::{Capabilities, Model};

/// See the module documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Traits {
    /// Most tokens that it writes in one answer.
    pub max_output: Option<u64>,
    /// `temperature` and `top_p` are accepted.
    pub sampling: bool,
    /// Stop sequences are accepted.
    pub stop: bool,
    pub thinking: Thinking,
    /// A JSON schema for the output is accepted.
    pub structured: bool,
    pub images: bool,
    /// Documents (PDF).
    pub files: bool,

    /// Chat: speaks OpenAI's own dialect: `developer`, `max_completion_tokens`, `prompt_cache_key`,
    /// `safety_identifier`, `strict`, system messages anywhere.
    pub openai: bool,
    /// Chat: accepts `stream_options`.
    pub stream_options: bool,
    /// Chat: wants its `reasoning_content` back in the history.
    pub reasoning_content: bool,
    /// Chat: writes `<think>…</think>` at the beginning of its content.
    pub think_tags: bool,
    /// Chat: thinks while there are tools. OpenAI's models since GPT-5.4 do so in Responses only: in Chat,
    /// with tools, they answer 400 to every effort but `none`, the newest of them to none at all as well.
    pub effort_with_tools: bool,
    /// Takes only the plainest JSON schemas.
    pub plain_schemas: bool,

    /// Responses: tells what it thinks in short. OpenAI refuses the request of an organization that it has not
    /// verified.
    pub reasoning_summary: bool,
    /// Responses: as ChatGPT speaks it to Codex: always in streams, never without instructions, and it takes no
    /// limit and no sampling.
    pub codex: bool,

    /// Messages: Anthropic's own models, with all that only they have (betas, server tools, cache control
    /// with a TTL).
    pub claude: bool,
    /// Messages: a message may have the role `system`.
    pub mid_system: bool,
    /// Messages: an answer may be begun by the client.
    pub prefill: bool,
    /// Messages: a tool may be forced.
    pub forced_tools: bool,
}

/// How a model's thinking is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all; asking is an error.
    Never,
    /// By effort, one of these. In Chat `reasoning_effort`; in Messages `thinking: adaptive` with
    /// `output_config.effort`.
    Efforts(EffortSet),
    /// By a budget of tokens (Messages: `thinking: enabled`).
    Budget,
}

impl Default for Traits {
    /// A model that nobody has heard of.
    fn default() -> Self {
        Self {
            max_output: None,
            sampling: true,
            stop: true,
            thinking: Thinking::Never,
            structured: true,
            images: true,
            files: false,
            openai: false,
            stream_options: true,
            reasoning_content: false,
            think_tags: false,
            effort_with_tools: true,
            plain_schemas: false,
            reasoning_summary: true,
            codex: false,
            claude: false,
            mid_system: false,
            prefill: true,
            forced_tools: true,
        }
    }
}

impl Traits {
    /// What is known of a configured model.
    pub fn of_model(model: &Model) -> Self {
        let known = Self::of(&model.id);
        let Capabilities {
            sampling,
            stop,
            reasoning,
            reasoning_efforts,
            response_format,
            images,
            files,
            stream_options,
            reasoning_content,
            think_tags,
            effort_with_tools,
            reasoning_summary,
            plain_schemas,
            openai_dialect,
            codex_dialect,
            system_anywhere,
            prefill,
            forced_tools,
        } = model.capabilities;
        let thinking = match (reasoning, reasoning_efforts) {
            (Some(false), _) => Thinking::Never,
            (_, Some(set)) => Thinking::Efforts(set),
            (Some(true), None) if known.thinking == Thinking::Never => efforts(&[Low, Medium, High]),
            _ => known.thinking,
        };
        Self {
            max_output: model.max_output_tokens.or(known.max_output),
            sampling: sampling.unwrap_or(known.sampling),
            stop: stop.unwrap_or(known.stop),
            thinking,
            structured: response_format.unwrap_or(known.structured),
            images: images.unwrap_or(known.images),
            files: files.unwrap_or(known.files),
            openai: openai_dialect.unwrap_or(known.openai),
            stream_options: stream_options.unwrap_or(known.stream_options),
            reasoning_content: reasoning_content.unwrap_or(known.reasoning_content),
            think_tags: think_tags.unwrap_or(known.think_tags),
            effort_with_tools: effort_with_tools.unwrap_or(known.effort_with_tools),
            reasoning_summary: reasoning_summary.unwrap_or(known.reasoning_summary),
            codex: codex_dialect.unwrap_or(known.codex),
            plain_schemas: plain_schemas.unwrap_or(known.plain_schemas),
            claude: known.claude,
            mid_system: system_anywhere.unwrap_or(known.mid_system),
            prefill: prefill.unwrap_or(known.prefill),
            forced_tools: forced_tools.unwrap_or(known.forced_tools),
        }
    }

    /// What the name of a model tells. Prefixes of aggregators (`anthropic/`), dates and suffixes do not
    /// matter.
    pub fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let name = name.split(['[', ':']).next().unwrap_or(&name);
        let traits = claude(name).or_else(|| openai(name)).or_else(|| others(name)).unwrap_or_default();
        // An aggregator asks OpenAI in the format that can do it.
        let aggregated = model.contains('/');
        Self { effort_with_tools: traits.effort_with_tools || aggregated, ..traits }
    }
}

const fn efforts(known: &[Effort]) -> Thinking {
    Thinking::Efforts(EffortSet::of(known))
}

/// Claude's versions are written `claude-opus-4-6`, `claude-3-5-sonnet`, sometimes with dots.
fn claude(name: &str) -> Option<Traits> {
    let rest = name.strip_prefix("claude")?;
    let numbers: Vec<u64> = rest
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| (1..=2).contains(&part.len()))
        .filter_map(|part| part.parse().ok())
        .collect();
    let version = (numbers.first().copied().unwrap_or(99), numbers.get(1).copied().unwrap_or(0));
    let base = Traits { claude: true, files: true, structured: version >= (4, 5), ..Traits::default() };
    let haiku = rest.contains("haiku");
    // They always think, and who thinks cannot be forced.
    let always_thinks = ["fable", "mythos"].iter().any(|name| rest.contains(name))
        || (rest.contains("opus") && version >= (5, 5));
    Some(match version {
        (0..=2, _) => Traits { max_output: Some(4_096), files: false, images: false, ..base },
        (3, 0) => Traits { max_output: Some(4_096), ..base },
        (3, 1..=6) => Traits { max_output: Some(8_192), ..base },
        (3, _) | (4, 0..=5) => {
            let early_opus = rest.contains("opus") && version < (4, 5);
            let max_output = Some(if early_opus { 32_000 } else { 64_000 });
            Traits { max_output, thinking: Thinking::Budget, ..base }
        }
        // Sampling is gone from those after Opus 4.6, thinking is adaptive, answers cannot be begun.
        (4, 6) => Traits {
            max_output: Some(64_000),
            thinking: efforts(&[Low, Medium, High, Max]),
            prefill: false,
            ..base
        },
        _ => Traits {
            max_output: Some(if haiku { 64_000 } else { 128_000 }),
            thinking: efforts(&[Low, Medium, High, Xhigh, Max]),
            sampling: false,
            mid_system: true,
            prefill: false,
            forced_tools: !always_thinks,
            ..base
        },
    })
}

fn openai(name: &str) -> Option<Traits> {
    let base = Traits { openai: true, files: true, ..Traits::default() };
    let reasoning = |max_output, known: &[Effort]| Traits {
        max_output: Some(max_output),
        sampling: false,
        stop: false,
        thinking: efforts(known),
        ..base.clone()
    };
    let is = |prefix: &str| name.starts_with(prefix);
    let codex = name.contains("codex");
    Some(if is("o1") || is("o3") || is("o4") {
        reasoning(100_000, &[Low, Medium, High])
    } else if is("gpt-5-chat") || name.ends_with("-chat-latest") {
        Traits { max_output: Some(16_384), ..base }
    } else if is("gpt-5.1") {
        reasoning(128_000, if codex { &[Low, Medium, High] } else { &[Off, Low, Medium, High] })
    } else if is("gpt-5.") || is("gpt-6") {
        let known: &[Effort] =
            if codex { &[Low, Medium, High, Xhigh] } else { &[Off, Low, Medium, High, Xhigh] };
        let effort_with_tools = is("gpt-5.2") || is("gpt-5.3");
        Traits { effort_with_tools, ..reasoning(128_000, known) }
    } else if is("gpt-5") {
        reasoning(128_000, if codex { &[Low, Medium, High] } else { &[Minimal, Low, Medium, High] })
    } else if is("gpt-4.1") {
        Traits { max_output: Some(32_768), ..base }
    } else if is("gpt-4o") || is("chatgpt-4o") {
        Traits { max_output: Some(16_384), ..base }
    } else if is("gpt-4-turbo") || is("gpt-4") || is("gpt-3.5") {
        let images = is("gpt-4-turbo");
        Traits { max_output: Some(4_096), files: false, structured: false, images, ..base }
    } else {
        return None;
    })
}

/// Models of compatible servers with ways of their own.
fn others(name: &str) -> Option<Traits> {
    const HISTORY: [&str; 5] = ["deepseek", "kimi", "mimo", "glm", "minimax"];
    let has = |part: &str| name.contains(part);
    let history = HISTORY.into_iter().any(has);
    if has("gemini") {
        return Some(Traits { plain_schemas: true, ..Traits::default() });
    }
    if has("gpt-oss") {
        return Some(Traits { thinking: efforts(&[Low, Medium, High]), images: false, ..Traits::default() });
    }
    history.then(|| Traits {
        reasoning_content: true,
        images: !has("deepseek"),
        structured: false,
        ..Traits::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_claude() {
        let of = |name| {
            let traits = Traits::of(name);
            assert!(traits.claude, "{name}");
            (traits.max_output.unwrap(), traits.sampling, traits.prefill, traits.thinking)
        };
        assert_eq!(of("claude-3-5-sonnet-20241022"), (8_192, true, true, Thinking::Never));
        assert_eq!(of("claude-3-7-sonnet-latest"), (64_000, true, true, Thinking::Budget));
        assert_eq!(of("claude-opus-4-20250514"), (32_000, true, true, Thinking::Budget));
        assert_eq!(of("claude-sonnet-4-5-20250929"), (64_000, true, true, Thinking::Budget));
        assert_eq!(of("anthropic/claude-sonnet-4.5"), (64_000, true, true, Thinking::Budget));
        assert!(matches!(of("claude-opus-4-6"), (64_000, true, false, Thinking::Efforts(_))));
        assert!(matches!(of("claude-opus-5-5[1m]"), (128_000, false, false, Thinking::Efforts(_))));
        assert!(matches!(of("claude-haiku-5-5"), (64_000, false, false, Thinking::Efforts(_))));
        assert!(matches!(of("claude-next"), (128_000, false, false, Thinking::Efforts(_))));
    }

    #[test]
    fn reasoning_models_of_openai() {
        for name in ["o3-mini", "gpt-5", "openai/gpt-5.2-codex", "gpt-6.1-sol"] {
            let traits = Traits::of(name);
            assert!(traits.openai && !traits.sampling && !traits.stop, "{name}");
        }
        assert!(Traits::of("gpt-4o-mini").sampling);
        for (name, thinks) in [("gpt-5.2", true), ("gpt-5.4", false), ("gpt-6.1-sol", false)] {
            assert_eq!(Traits::of(name).effort_with_tools, thinks, "{name}");
            assert!(Traits::of(&format!("openai/{name}")).effort_with_tools);
        }
        assert_eq!(Traits::of("llama-3.3-70b"), Traits::default());
        assert!(Traits::of("deepseek/deepseek-chat:free").reasoning_content);
    }

    #[test]
    fn a_config_outranks_a_name() {
        let text = r#"{ "version": 2, "providers": [{ "id": "p", "name": "P", "baseUrl": "https://p.test", "format": "openai", "apiKey": "k", "models": [
            { "id": "deployment", "capabilities": { "supportsEffortWithTools": false, "needsPlainSchemas": true } },
            { "id": "gpt-5.4", "capabilities": { "supportsEffortWithTools": true } },
            { "id": "gemini-x", "capabilities": { "needsPlainSchemas": false } },
            "gemini-y"
        ] }] }"#;
        let config = crate::config::read(text).unwrap().config;
        let told: Vec<_> = config.providers[0].models.iter().map(Traits::of_model).collect();
        let told: Vec<_> = told.iter().map(|it| (it.effort_with_tools, it.plain_schemas)).collect();
        assert_eq!(told, [(false, true), (true, false), (true, false), (true, true)]);
    }
}
