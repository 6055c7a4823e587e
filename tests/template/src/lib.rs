//! `infra/template.yaml` as a document, and the rules that it is held to.
//!
//! [`document`] reads it and puts values in the place of its parameters and conditions; [`rules`] is the table of what
//! must hold of the outcome; [`permissions`] lists what each function's role allows.

pub mod document;
pub mod permissions;
pub mod rules;

pub use document::Template;
