//! What was typed, in the one spelling that the definitions of `args` know.
//!
//! Version 1 had a grammar of its own, and people have scripts: `config --operation=OP`, camel-case twins of
//! every flag, flags before the command, empty values that mean "not given".

use super::args;

/// Words that may stand first.
const COMMANDS: [&str; 14] = [
    "start",
    "stop",
    "reload",
    "update",
    "config",
    "setup",
    "deploy",
    "worker-key",
    "status",
    "explain",
    "completions",
    "man",
    "help",
    "run",
];

/// Rewrites arguments (without the program's name). `terminal`: a person is typing, so a bare command is a
/// wish to be guided.
pub(crate) fn normalize(typed: Vec<String>, terminal: bool) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut verbatim = false;
    let mut typed = typed.into_iter().peekable();
    while let Some(word) = typed.next() {
        // `--flag ''`, like `--flag=`, is the same as not giving it.
        let emptied = !verbatim && is_flag(&word) && !word.contains('=');
        if emptied && typed.next_if(String::is_empty).is_some() {
            take_back(&mut words, &kebab(&word));
        } else if verbatim || !word.starts_with("--") {
            words.push(word);
        } else if word == "--" {
            verbatim = true;
            words.push(word);
        } else if let Some(word) = flag(&word) {
            words.push(word);
        } else {
            take_back(&mut words, &kebab(word.trim_end_matches('=')));
        }
    }
    let words = command_first(words);
    let Some((command, rest)) = words.split_first() else { return config(Vec::new(), terminal) };
    match command.as_str() {
        "config" | "setup" => config(rest.to_vec(), terminal),
        // Version 1's bare form: `llm-router --operation=…`
        word if word.starts_with("--op") || names_file_only(&words) => config(words, terminal),
        _ => words,
    }
}

/// The last of a repeated flag counts, also where it is emptied: what was given for it before is not.
fn take_back(words: &mut Vec<String>, name: &str) {
    let mut value_follows = false;
    words.retain(|word| {
        let is_word = word.starts_with('-') || COMMANDS.contains(&word.as_str()) || args::is_operation(word);
        let value = std::mem::take(&mut value_follows) && !is_word;
        value_follows = word == name;
        let given = word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        !given && !value
    });
}

fn is_flag(word: &str) -> bool {
    word.starts_with("--") && word != "--"
}

/// A flag in kebab case; `None` where its value is empty, which is the same as not giving it.
fn flag(word: &str) -> Option<String> {
    let (name, value) = match word.split_once('=') {
        Some((_, "")) => return None,
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let name = kebab(name);
    Some(match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    })
}

/// `baseUrl` as `base-url`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

/// Flags that were typed before the command belong to it.
fn command_first(words: Vec<String>) -> Vec<String> {
    let asks_for_help = |word: &String| matches!(word.as_str(), "--help" | "-h" | "--version" | "-V");
    if words.first().is_none_or(|word| !word.starts_with('-') || asks_for_help(word)) {
        return words;
    }
    let is_command = |word: &String| COMMANDS.contains(&word.as_str());
    let Some(at) = words.iter().position(is_command) else { return words };
    let mut words = words;
    let mut rest = words.split_off(at);
    let command = rest.remove(0);
    std::iter::once(command).chain(words).chain(rest).collect()
}

/// `config` with its operation as a word of its own. Without one a person gets the menu, a script the list.
fn config(words: Vec<String>, terminal: bool) -> Vec<String> {
    let mut operation = None;
    let mut rest = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("--operation" | "--op", "") => operation = words.next(),
            ("--operation" | "--op", value) => operation = Some(value.to_owned()),
            _ => rest.push(word),
        }
    }
    let has_word =
        rest.first().is_some_and(|word| !word.starts_with('-') || word == "-h" || word == "--help");
    if operation.is_none() && !has_word {
        // Flags may stand before the operation, too.
        let at = rest.iter().position(|word| args::is_operation(word));
        operation = at.map(|at| rest.remove(at));
    }
    let operation = operation.or_else(|| {
        let menu = terminal && names_file_only(&rest);
        (!has_word && !menu).then(|| "list".to_owned())
    });
    std::iter::once("config".to_owned()).chain(operation).chain(rest).collect()
}

/// Whether there is nothing but the file's name.
fn names_file_only(rest: &[String]) -> bool {
    match rest {
        [] => true,
        [flag] => flag.starts_with("--config="),
        [flag, value] => flag == "--config" && !value.starts_with('-'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (typed, expected) in [
            ("start --requireAuth=true --port 1", "start --require-auth=true --port 1"),
            ("--port=1 start --host=h", "start --port=1 --host=h"),
            ("--port 1 start", "start --port 1"),
            ("config --operation=upsert-provider --providerId=a", "config upsert-provider --provider-id=a"),
            ("config --op list-routing", "config list-routing"),
            ("config --config=x --op=remove-model", "config remove-model --config=x"),
            ("--operation=list", "config list"),
            ("setup --op=list", "config list"),
            ("config", "config list"),
            ("", "config list"),
            ("config --config=x", "config list --config=x"),
            ("config upsert-provider --name=A --base-url=", "config upsert-provider --name=A"),
            ("config upsert-provider --base-url=x --baseUrl= --name=A", "config upsert-provider --name=A"),
            ("config list --config x --config=", "config list"),
            ("config list --config x --config= --config=y", "config list --config=y"),
            ("config remove-model --cascade --model=m --cascade=", "config remove-model --model=m"),
            ("--json config list --json=", "config list"),
            ("config --help", "config --help"),
            ("--json config list", "config list --json"),
            (
                "config --config x --json remove-model --model=m",
                "config remove-model --config x --json --model=m",
            ),
            ("config --op=upsert-provider --name list", "config upsert-provider --name list"),
            ("--help", "--help"),
            ("deploy --env=production", "deploy --env=production"),
            ("explain -- --Odd", "explain -- --Odd"),
            ("config set-master-key --masterKey=AbC", "config set-master-key --master-key=AbC"),
        ] {
            let words = typed.split_whitespace().map(str::to_owned).collect();
            assert_eq!(normalize(words, false).join(" "), expected, "{typed}");
        }
        let emptied = ["config", "list", "--config", "", "--json"].map(str::to_owned).to_vec();
        assert_eq!(normalize(emptied, false).join(" "), "config list --json");
        assert_eq!(normalize(Vec::new(), true), ["config"]);
        for (typed, expected) in [
            ("config --config=x", "config --config=x"),
            ("--config x", "config --config x"),
            ("config --json", "config list --json"),
            ("config --config=x --json", "config list --config=x --json"),
        ] {
            let words = typed.split_whitespace().map(str::to_owned).collect();
            assert_eq!(normalize(words, true).join(" "), expected, "on a terminal: {typed}");
        }
    }
}
