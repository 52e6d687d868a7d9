//! Tools that Anthropic defines and the client runs: their schemas, which Claude knows by heart and other
//! models have to be told. They are text until one is asked for: that takes a quarter of the room that code to
//! build them would.

use serde_json::Value;

pub(super) struct Known {
    /// What it is called where the client does not say.
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) schema: Value,
}

/// The tool of a type such as `bash_20250124`: the date is a version.
pub(super) fn known(kind: &str) -> Option<Known> {
    let (name, date) = kind.rsplit_once('_')?;
    Some(match name {
        _ if !date.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        "bash" => Known {
            name: "bash",
            description: "Runs a command in a shell that stays open between calls, and returns its output.",
            schema: of(BASH),
        },
        "text_editor" => Known {
            name: "str_replace_based_edit_tool",
            description: "Views, creates and edits text files. `str_replace` replaces text that occurs exactly \
                          once; `insert` puts text after a line; `view_range` is a first and a last line.",
            schema: of(TEXT_EDITOR),
        },
        "memory" => Known {
            name: "memory",
            description: "Keeps notes between conversations as files under /memories. View that directory \
                          before anything else.",
            schema: of(MEMORY),
        },
        "computer" => Known {
            name: "computer",
            description: "Operates a screen with mouse and keyboard. Coordinates are pixels from the top left; \
                          `screenshot` shows the screen.",
            schema: of(COMPUTER),
        },
        _ => return None,
    })
}

fn of(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

const BASH: &str = r#"{
    "type": "object",
    "properties": {
        "command": { "type": "string", "description": "The command to run." },
        "restart": { "type": "boolean", "description": "Start a new shell instead." }
    }
}"#;

const TEXT_EDITOR: &str = r#"{
    "type": "object",
    "properties": {
        "command": { "type": "string", "enum": ["view", "create", "str_replace", "insert"] },
        "path": { "type": "string" },
        "file_text": { "type": "string", "description": "For `create`." },
        "old_str": { "type": "string", "description": "For `str_replace`." },
        "new_str": { "type": "string", "description": "For `str_replace`." },
        "insert_line": { "type": "integer", "description": "For `insert`; 0 is before the first line." },
        "insert_text": { "type": "string", "description": "For `insert`." },
        "view_range": { "type": "array", "items": { "type": "integer" }, "description": "For `view`." }
    },
    "required": ["command", "path"]
}"#;

const MEMORY: &str = r#"{
    "type": "object",
    "properties": {
        "command": {
            "type": "string",
            "enum": ["view", "create", "str_replace", "insert", "delete", "rename"]
        },
        "path": { "type": "string", "description": "For all commands but `rename`." },
        "view_range": { "type": "array", "items": { "type": "integer" }, "description": "For `view`." },
        "file_text": { "type": "string", "description": "For `create`." },
        "old_str": { "type": "string", "description": "For `str_replace`." },
        "new_str": { "type": "string", "description": "For `str_replace`." },
        "insert_line": { "type": "integer", "description": "For `insert`." },
        "insert_text": { "type": "string", "description": "For `insert`." },
        "old_path": { "type": "string", "description": "For `rename`." },
        "new_path": { "type": "string", "description": "For `rename`." }
    },
    "required": ["command"]
}"#;

const COMPUTER: &str = r#"{
    "type": "object",
    "properties": {
        "action": {
            "type": "string",
            "enum": [
                "screenshot", "left_click", "right_click", "middle_click", "double_click", "triple_click",
                "left_click_drag", "left_mouse_down", "left_mouse_up", "mouse_move", "cursor_position",
                "scroll", "type", "key", "hold_key", "wait"
            ]
        },
        "coordinate": { "type": "array", "items": { "type": "integer" }, "description": "x and y." },
        "start_coordinate": {
            "type": "array",
            "items": { "type": "integer" },
            "description": "x and y, for `left_click_drag`."
        },
        "text": { "type": "string", "description": "What to type, or keys such as `ctrl+s`." },
        "scroll_direction": { "type": "string", "enum": ["up", "down", "left", "right"] },
        "scroll_amount": { "type": "integer" },
        "duration": { "type": "number", "description": "Seconds, for `hold_key` and `wait`." }
    },
    "required": ["action"]
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_can_be_read() {
        for kind in ["bash_20250124", "text_editor_20250728", "memory_20250818", "computer_20250124"] {
            assert_eq!(known(kind).unwrap().schema["type"], "object", "{kind}");
        }
    }
}
