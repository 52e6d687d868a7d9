//! Images and documents, where they are said and where tools return them.

use serde_json::{Value, json};

use super::messages_of;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk";

fn image() -> Value {
    json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } })
}

fn returned(content: &Value, model: &str) -> Value {
    let messages = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "t", "name": "Read", "input": {} }] },
        { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t", "content": content }] },
    ]);
    messages_of(&messages, model)
}

fn said(block: &Value, model: &str) -> Value {
    messages_of(&json!([{ "role": "user", "content": [block] }]), model)[0]["content"].clone()
}

#[test]
fn edge_03_image_of_a_tool_alone() {
    let messages = returned(&json!([image()]), "gpt-4o");
    assert_eq!(messages[2]["content"], "[Media: see the message after the tool results.]");
    assert_eq!(messages[3]["role"], "user");
    assert_eq!(messages[3]["content"][0]["text"], "[Media of tool call t:]");
    assert_eq!(messages[3]["content"][1]["image_url"]["url"], format!("data:image/png;base64,{PNG}"));
    // A model that takes none is told so, in the tool's message.
    let messages = returned(&json!([image()]), "deepseek-chat");
    assert_eq!(messages[2]["content"], "[An image was here; this model takes no images.]");
    assert_eq!(messages.as_array().unwrap().len(), 3);
}

#[test]
fn edge_04_text_and_image_of_a_tool() {
    let text = json!({ "type": "text", "text": "A picture:" });
    let messages = returned(&json!([text, image()]), "gpt-4o");
    assert_eq!(messages[2]["content"], "A picture:\n[Media: see the message after the tool results.]");
    assert_eq!(messages[3]["content"][1]["type"], "image_url");
}

#[test]
fn edge_30_image_by_url() {
    let image = json!({ "type": "image", "source": { "type": "url", "url": "https://example.com/a.png" } });
    assert_eq!(
        said(&image, "llama-3.3-70b"),
        json!([{ "type": "image_url", "image_url": { "url": "https://example.com/a.png" } }])
    );
}

#[test]
fn edge_31_pdf_is_a_file() {
    let source = json!({ "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK" });
    let pdf = json!({ "type": "document", "title": "May", "source": source });
    assert_eq!(
        said(&pdf, "gpt-4o"),
        json!([{ "type": "file", "file":
            { "filename": "May.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQK" } }])
    );
    assert_eq!(said(&pdf, "llama-3.3-70b"), "[Document: May]\n(left out: this model takes no files)");
}

#[test]
fn edge_87_a_wrong_media_type_is_corrected() {
    let source = json!({ "type": "base64", "media_type": "image/jpeg", "data": PNG });
    let content = said(&json!({ "type": "image", "source": source }), "gpt-4o");
    assert_eq!(content[0]["image_url"]["url"], format!("data:image/png;base64,{PNG}"));
}
