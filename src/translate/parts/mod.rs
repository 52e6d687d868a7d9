//! Small things that several translations share; one idea a file.

pub mod account;
pub mod cache;
pub mod custom_tool;
pub mod estimate;
pub mod fields;
pub mod media;
pub mod plain_schema;
pub mod reasoning;
pub mod sampling;
pub mod schema;
pub mod structured;
pub mod thinking;
pub mod thoughts;
pub mod tool_list;
pub mod turns;
