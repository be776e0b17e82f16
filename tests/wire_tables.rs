//! Tables for the wire, by direction: one named row a case.
#![allow(clippy::unwrap_used)]

#[path = "wire/properties.rs"]
mod properties;
#[path = "wire/read/mod.rs"]
mod read;
#[path = "wire/written/mod.rs"]
mod written;

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}
