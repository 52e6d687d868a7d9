//! What a model can do, where its name does not tell: yes, no, or nothing said, one capability after the other.

use serde_json::Value;

use crate::cli::config::field::{Field, Object};
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::translate::effort::Effort;

/// What goes for a capability of which nothing is said.
pub(super) const UNSAID: &str = "as its name suggests";

/// Every capability that is there or is not, and what it is about.
const FLAGS: [(Field, &str); 17] = [
    (Field(&["supportsReasoning", "supportsThinking"]), "thinks when asked to"),
    (Field(&["supportsReasoningContent"]), "wants its reasoning_content back"),
    (Field(&["usesThinkTags"]), "writes <think> tags into its content"),
    (Field(&["supportsSampling"]), "takes temperature and top_p"),
    (Field(&["supportsStop"]), "takes stop sequences"),
    (Field(&["supportsResponseFormat"]), "takes a JSON schema for its output"),
    (Field(&["supportsImages"]), "sees images"),
    (Field(&["supportsFiles"]), "reads PDF documents"),
    (Field(&["supportsStreamOptions"]), "takes stream_options"),
    (Field(&["supportsSystemAnywhere"]), "takes system messages anywhere"),
    (Field(&["supportsPrefill"]), "goes on with an answer that was begun"),
    (Field(&["supportsForcedTools"]), "can be forced to use a tool"),
    (Field(&["speaksOpenaiDialect"]), "takes what OpenAI's own models take"),
    (Field(&["speaksCodexDialect"]), "is asked as ChatGPT is by Codex"),
    (Field(&["supportsEffortWithTools"]), "takes an effort beside tools"),
    (Field(&["supportsReasoningSummary"]), "tells its thinking in short"),
    (Field(&["needsPlainSchemas"]), "takes only plain JSON schemas"),
];

const EFFORTS: Field = Field(&["reasoningEfforts"]);
const OF_EFFORTS: &str = "efforts it can be asked to think with";

/// Lets each be changed, until that is all.
pub(super) fn choose(desk: &mut Desk<'_>, capabilities: &mut Object) -> Asked<()> {
    let mut at = 0;
    loop {
        let mut options = vec!["That is all".to_owned()];
        options.extend(FLAGS.iter().map(|(field, what)| format!("{what}: {}", flag(*field, capabilities))));
        options.push(format!("{OF_EFFORTS}: {}", efforts(capabilities)));
        at = desk.prompt.select("What can it do?", "choose what to change", &options, at)?;
        let changed = match at.checked_sub(1) {
            None => return Ok(()),
            Some(at) => match FLAGS.get(at) {
                Some((field, what)) => change_flag(desk, *field, what, capabilities),
                None => change_efforts(desk, capabilities),
            },
        };
        match changed {
            // Back is the list again.
            Ok(()) | Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn change_flag(desk: &mut Desk<'_>, field: Field, what: &str, capabilities: &mut Object) -> Asked<()> {
    let options = [UNSAID, "yes", "no"].map(str::to_owned);
    let present = match field.get(capabilities).and_then(Value::as_bool) {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    };
    match desk.prompt.select(&format!("It {what}?"), field.name(), &options, present)? {
        0 => drop(field.remove(capabilities)),
        chosen => field.set(capabilities, chosen == 1),
    }
    Ok(())
}

fn change_efforts(desk: &mut Desk<'_>, capabilities: &mut Object) -> Asked<()> {
    let options = Effort::ALL.map(|effort| effort.name().to_owned());
    let present = EFFORTS.texts(capabilities);
    let marked = options.iter().enumerate().filter(|(_, name)| present.contains(name));
    let marked: Vec<usize> = marked.map(|(at, _)| at).collect();
    let help = "none: as its name suggests";
    let chosen =
        desk.prompt.select_many("Efforts it can be asked to think with", help, &options, &marked, false)?;
    if chosen == marked {
        return Ok(());
    }
    let names: Vec<String> = chosen.into_iter().filter_map(|at| options.get(at).cloned()).collect();
    if names.is_empty() {
        EFFORTS.remove(capabilities);
    } else {
        EFFORTS.set(capabilities, names);
    }
    Ok(())
}

fn flag(field: Field, capabilities: &Object) -> &'static str {
    match field.get(capabilities).and_then(Value::as_bool) {
        None => UNSAID,
        Some(true) => "yes",
        Some(false) => "no",
    }
}

fn efforts(capabilities: &Object) -> String {
    let efforts = EFFORTS.texts(capabilities);
    if efforts.is_empty() { UNSAID.to_owned() } else { efforts.join(", ") }
}

/// A line for each of which something is said.
pub(super) fn lines(capabilities: &Object) -> Vec<String> {
    let said = FLAGS.iter().filter(|(field, _)| field.get(capabilities).is_some());
    let mut lines: Vec<String> =
        said.map(|(field, what)| format!("{what}: {}", flag(*field, capabilities))).collect();
    if EFFORTS.get(capabilities).is_some() {
        lines.push(format!("{OF_EFFORTS}: {}", efforts(capabilities)));
    }
    lines
}

/// What makes `after` of `before`, in the manner of `--capabilities`; `None` where they are the same.
pub(super) fn overlay(before: &Object, after: &Object) -> Option<Object> {
    let gone =
        before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let overlay: Object = gone.chain(changed.map(|(name, value)| (name.clone(), value.clone()))).collect();
    (!overlay.is_empty()).then_some(overlay)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One that is missing here could only be set by a script.
    #[test]
    fn every_capability_is_asked_for() {
        let mut all: Object = FLAGS.iter().map(|(field, _)| (field.name().to_owned(), true.into())).collect();
        all.insert(EFFORTS.name().to_owned(), json!(["low"]));
        let model = json!({ "id": "m", "capabilities": all });
        let provider =
            json!({ "id": "a", "baseUrl": "https://a.test", "format": "openai", "models": [model] });
        let checked = crate::config::read_value(&json!({ "providers": [provider] })).unwrap();
        let told = checked.config.providers[0].models[0].capabilities.told();
        assert_eq!(told.len(), FLAGS.len() + 1);
        assert_eq!(Value::Object(told), Value::Object(all));
        let unset = crate::config::Capabilities::default();
        // Were there another one, this would not compile.
        let crate::config::Capabilities {
            sampling: _,
            stop: _,
            reasoning: _,
            reasoning_efforts: _,
            response_format: _,
            images: _,
            files: _,
            stream_options: _,
            reasoning_content: _,
            think_tags: _,
            openai_dialect: _,
            codex_dialect: _,
            system_anywhere: _,
            prefill: _,
            forced_tools: _,
            effort_with_tools: _,
            reasoning_summary: _,
            plain_schemas: _,
        } = unset;
    }
}
