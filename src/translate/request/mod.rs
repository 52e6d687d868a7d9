//! Requests, one direct pair a file.

pub mod chat_messages;
pub mod chat_responses;
pub mod messages_chat;
pub mod messages_responses;
pub mod responses;
pub mod responses_chat;
pub mod responses_messages;
