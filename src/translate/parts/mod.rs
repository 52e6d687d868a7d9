//! Small things that several translations share; one idea a file.

pub mod cache;
pub mod estimate;
pub mod fields;
pub mod media;
pub mod plain_schema;
pub mod schema;
pub mod strict;
pub mod thinking;
pub mod turns;
