//! A modelled MUC service in virtual time: no IO, no threads, no waiting.

mod admin;
mod answers;
pub mod arrival;
mod check;
pub mod choice;
pub mod claims;
pub mod guard;
pub mod history;
mod judge;
mod lobby;
mod people;
pub mod permissions;
mod publish;
pub mod room;
pub mod server;
pub mod spoil;
pub mod world;

pub use choice::{Choice, breakout, room};
pub use claims::{Kind, Ticket};
pub use history::CONDITIONS;
pub use server::FOCUS;
pub use spoil::Spoil;
pub use world::World;
