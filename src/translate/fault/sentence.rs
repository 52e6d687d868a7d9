//! The sentences by which agents of the Messages format recognise what they can mend themselves: they shorten
//! the conversation, or ask for less. Numbers come from the text, where it has any.

/// The prompt does not fit. `text` is in lower case.
pub(super) fn context(text: &str) -> String {
    let max = number_after(text, &CONTEXT_MAX);
    let asked = number_after(text, &CONTEXT_ASKED);
    let completion = ["in the completion", "for the completion"]
        .into_iter()
        .find_map(|mark| last_number(text.get(..text.find(mark)?)?));
    match (asked, completion, max) {
        // The prompt would fit, if less room was kept for the answer.
        (Some(asked), Some(completion), Some(max)) if asked > max && asked - completion.min(asked) <= max => {
            let prompt = asked - completion.min(asked);
            format!(
                "input length and `max_tokens` exceed context limit: {prompt} + {completion} > {max}, \
                 decrease input length or `max_tokens` and try again"
            )
        }
        (Some(asked), _, Some(max)) if asked > max => {
            format!("prompt is too long: {asked} tokens > {max} maximum")
        }
        (_, _, Some(max)) => format!("prompt is too long: more than the maximum of {max} tokens"),
        _ => "prompt is too long: more tokens than the model's maximum".to_owned(),
    }
}

/// More output was asked for than the model writes. `text` is in lower case. Agents ask again with the
/// second number; where the text has no first one, the least that is too much stands for it.
pub(super) fn max_tokens(text: &str) -> String {
    let max = number_after(text, &OUTPUT_MAX).or_else(|| room_left(text));
    let asked = number_after(text, &OUTPUT_ASKED);
    let rest = "which is the maximum allowed number of output tokens for this model";
    match (asked, max) {
        (_, Some(max)) => {
            let asked = asked.filter(|asked| *asked > max).unwrap_or(max.saturating_add(1));
            format!("max_tokens: {asked} > {max}, {rest}")
        }
        _ => "max_tokens: more than the maximum allowed number of output tokens for this model".to_owned(),
    }
}

/// Words before the size of a context window.
const CONTEXT_MAX: [&str; 15] = [
    "maximum context length is",
    "maximum prompt length is",
    "maximum context length of",
    "configured limit of",
    "available context size (",
    "context length of only",
    "context length of",
    "context length (",
    "context window of",
    "context limit of",
    "model token limit:",
    "maximum number of tokens allowed (",
    "maximum number of input tokens allowed (",
    "tokens >",
    "must be <=",
];

/// Words before the tokens of a request that is larger.
const CONTEXT_ASKED: [&str; 13] = [
    "you requested about",
    "you requested",
    "resulted in",
    "request contains",
    "requested:",
    "input token count (",
    "request (",
    "the input (",
    "prompt is too long:",
    "prompt contains",
    "request has",
    "given:",
    "keep the first",
];

const OUTPUT_MAX: [&str; 8] = [
    "supports at most",
    "less than or equal to",
    "valid range of max_tokens is [1,",
    "maximum allowed value is",
    "maximum allowed is",
    "maximum output tokens of",
    "maximum value is",
    "maximum of",
];

const OUTPUT_ASKED: [&str; 5] =
    ["is too large:", "whereas you provided", "max_tokens:", "max_tokens =", "max_tokens ("];

/// `100000 > 32768 - 50`: what the context window leaves.
fn room_left(text: &str) -> Option<u64> {
    let after = text.rsplit_once('>')?.1;
    let window = first_number(after)?;
    match after.split_once('-') {
        Some((_, prompt)) => window.checked_sub(first_number(prompt)?),
        None => Some(window),
    }
}

/// The number right after the first of these words that has one.
fn number_after(text: &str, words: &[&str]) -> Option<u64> {
    words.iter().find_map(|word| {
        let after = text.get(text.find(word)? + word.len()..)?;
        let after = after.trim_start_matches([' ', '`', '\'', '"', '[', '(', ':', '*']);
        after.starts_with(|c: char| c.is_ascii_digit()).then(|| first_number(after)).flatten()
    })
}

fn first_number(text: &str) -> Option<u64> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let rest = text.get(from..)?;
    // Thousands may be set apart by commas; a comma that no digit follows ends the number all the same.
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
    let digits: String = rest.get(..end)?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn last_number(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let head = text.get(..end)?;
    let from = head.rfind(|c: char| !c.is_ascii_digit() && c != ',').map_or(0, |at| at + 1);
    // `at + 1` is within a longer character only if that is no digit: then there is nothing to parse.
    first_number(head.get(from..)?)
}
