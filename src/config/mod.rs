//! The configuration: a TOML file and `GAVEL_*` environment variables in, a
//! checked [`Config`] with every default filled in out.
//!
//! Reading goes in steps. `tree` turns the file into values that know their line and lays
//! the environment over them; `section` takes them key by key, as the kind the key takes;
//! `read` and `claims` know the keys and check their values. Each fault is noted and
//! reading goes on, so that one run shows everything there is to fix.

pub(crate) mod address;
mod admin;
mod choices;
mod claims;
pub mod duration;
mod exclusive;
mod files;
mod fitting;
mod key_url;
mod keys;
mod load;
mod model;
mod notes;
mod permissions;
mod problem;
mod read;
mod rows;
mod rules;
mod sample;
mod secret;
mod section;
mod services;
#[cfg(test)]
mod tests;
mod tree;

pub use choices::{Choice, LogFormat, is_symmetric};
pub use key_url::KeyUrl;
pub use keys::{FILE_VARIABLE, MUC_VARIABLE, is_listed, variable};
pub use load::{DEFAULT_FILE, Loaded, admin_socket, admin_socket_from, load, load_from};
pub use model::{
    Admin, Claims, Component, Config, Discovery, HostAbsent, Infrastructure, Jwt, KeyFile,
    KeySource, Log, Names, Policy, Server, State,
};
pub use problem::{Invalid, Problem};
pub use rows::{ROWS, Row, SECTIONS, SectionRow, Standard};
pub use sample::{Filled, plain, sample};
pub use secret::{REDACTED, Secret};
