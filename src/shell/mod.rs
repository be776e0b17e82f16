//! The only sockets, files and clock.

pub mod link;
