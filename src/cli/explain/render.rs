//! An explanation as lines: what the name is, what it leads to, who would be asked in which order, who wins.

use crate::cli::screen::{COLUMNS, when};
use crate::cli::screen::{Line, Paint, Screen};
use crate::cli::status::render::{bucket, heading, wait};
use crate::explain::{Blocked, Branch, Candidate, Explanation, Twig};

pub(crate) fn explanation(told: &Explanation, source: &str, screen: &Screen) -> Vec<Line> {
    let mut lines = vec![heading(source, told.now_ms, screen)];
    if !told.live {
        let message = "no gateway was asked: what the config says, as if nothing had been used yet";
        lines.push(Line::default().and(Paint::Warning, message));
    }
    lines.push(Line::default());
    lines.push(title(told));
    if let Some(alias) = &told.alias {
        lines.push(Line::default());
        tree(alias, 0, &mut lines);
    }
    if !told.candidates.is_empty() {
        lines.push(Line::default());
        lines.push(Line::plain("In the order in which they would be asked:"));
    }
    for (index, candidate) in told.candidates.iter().enumerate() {
        lines.extend(self::candidate(index + 1, candidate, told, screen));
    }
    if !told.left_out.is_empty() {
        lines.push(Line::default());
        lines.push(Line::plain(format!("Left out, because they cannot serve {}:", told.format)));
    }
    for left in &told.left_out {
        let speaks = if left.formats.is_empty() { "nothing".to_owned() } else { left.formats.join(", ") };
        lines.push(Line::plain(format!("  {}  speaks {speaks}", left.name)));
    }
    lines.push(Line::default());
    lines.extend(verdict(told));
    lines.extend(told.notes.iter().flat_map(|note| wrapped(&format!("note: {note}"), Paint::Faint)));
    lines
}

/// `team  an alias (auto), asked in openai`
fn title(told: &Explanation) -> Line {
    let asked = match (&told.requested, told.route.kind.as_str()) {
        (Some(name), "default") => format!("{name}, the default"),
        (Some(name), _) => name.clone(),
        (None, _) => "the default".to_owned(),
    };
    let is = match &told.route.strategy {
        Some(strategy) => format!("the alias {} ({strategy})", told.route.name),
        None => format!("the model {}", told.route.name),
    };
    Line::default()
        .and(Paint::Strong, asked)
        .and(Paint::Plain, format!(" is {is}"))
        .and(Paint::Faint, format!(", asked in {}", told.format))
}

fn tree(branch: &Branch, depth: usize, lines: &mut Vec<Line>) {
    if depth == 0 {
        lines.push(Line::plain(format!("{} ({})", branch.id, branch.strategy)));
    }
    let weighed = !matches!(branch.strategy.as_str(), "ordered" | "round-robin");
    let lists = [("", &branch.targets), ("fallback: ", &branch.fallback_targets)];
    for (word, twigs) in lists {
        for twig in twigs {
            lines.push(self::twig(twig, word, weighed, depth + 1));
            if let Some(branch) = &twig.alias {
                tree(branch, depth + 1, lines);
            }
        }
    }
}

fn twig(twig: &Twig, word: &str, weighed: bool, depth: usize) -> Line {
    let strategy = twig.alias.as_ref().map_or_else(String::new, |alias| format!(" ({})", alias.strategy));
    let weight = if weighed { format!("  weight {}", twig.weight) } else { String::new() };
    let repeated = if twig.repeated { "  (again; it counts above)" } else { "" };
    let indent = "  ".repeat(depth.min(12));
    Line::plain(format!("{indent}{word}{}{strategy}", twig.name))
        .and(Paint::Faint, format!("{weight}{repeated}"))
}

fn candidate(number: usize, candidate: &Candidate, told: &Explanation, screen: &Screen) -> Vec<Line> {
    let chosen = told.chosen.as_ref() == Some(&candidate.name);
    let mark = if chosen { '>' } else { ' ' };
    let way = if candidate.translated { "translated to" } else { "relayed in" };
    let paint = if chosen { Paint::Good } else { Paint::Plain };
    let line = Line::default()
        .and(paint, format!("{mark} {number:>2} {}", candidate.name))
        .and(Paint::Faint, format!("  {way} {}", candidate.upstream_format));
    let mut lines = vec![line];
    if let Some(blocked) = &candidate.blocked {
        lines.push(
            Line::default().and(Paint::Warning, format!("     ! {}", self::blocked(blocked, told.now_ms))),
        );
    }
    lines.extend(candidate.buckets.iter().map(|known| bucket(known, told.now_ms, 5, screen)));
    lines
}

fn blocked(blocked: &Blocked, now_ms: u64) -> String {
    let detail = blocked.detail.as_deref().unwrap_or_default();
    let why = match blocked.reason.as_str() {
        "quota" => format!("cap {detail} is used up"),
        "never_fits" => format!("larger than cap {detail}"),
        "cooldown" => format!("cooling down after {detail}"),
        "circuit" => "circuit open after repeated failures".to_owned(),
        "probing" => "recovering, one request is trying it".to_owned(),
        "unreachable" => "its ledger does not answer".to_owned(),
        "not_configured" => detail.to_owned(),
        other => format!("{other} {detail}"),
    };
    format!("{why}{}", wait(blocked.until_ms, now_ms))
}

fn verdict(told: &Explanation) -> Vec<Line> {
    let chosen = told.chosen.as_deref().unwrap_or_default();
    match told.outcome.as_str() {
        "sent" => wrapped(&format!("It goes to {chosen}: {}", told.reason), Paint::Strong),
        "waits" => {
            let wait = when::span(told.wait_ms.unwrap_or_default());
            wrapped(&format!("It waits {wait}, then goes to {chosen}: {}", told.reason), Paint::Strong)
        }
        _ => {
            let status =
                told.error.as_ref().map_or_else(String::new, |error| format!(" with {}", error.status));
            let again = told.error.as_ref().and_then(|error| error.retry_after_ms);
            let again = again.map_or_else(String::new, |ms| format!(" (again in {})", when::span(ms)));
            wrapped(&format!("It is refused{status}: {}{again}", told.reason), Paint::Bad)
        }
    }
}

/// A sentence on as many lines as it takes.
fn wrapped(text: &str, paint: Paint) -> Vec<Line> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| Line::default().and(paint, line)).collect()
}
