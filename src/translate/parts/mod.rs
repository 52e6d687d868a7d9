//! Small things that several translations share; one idea a file.

pub mod estimate;
pub mod plain_schema;
pub mod strict;
