//! The edge: what talks to AWS and to Fineract. Only these files name `aws_sdk_*` or `reqwest`.

pub mod aws;
pub mod callers_table;
pub mod dynamodb;
pub mod http;
pub mod item;
pub mod random;
pub mod secrets;
pub mod sqs;
mod wire;
