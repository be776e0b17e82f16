//! Behaviours of the specification that are hard to provoke on a real server,
//! one file each.

mod arrival;
mod b1;
mod b10;
mod b15;
mod b16;
mod b17;
mod b17_unchecked;
mod b3;
mod b4;
mod b5_fallback;
mod b5_lobby;
mod b8;
mod b8_guests;
mod b9;
mod discovery;
mod expiry;
mod guard;
mod guard_named;
mod half_seen;
mod host_absent;
mod in_line;
mod left_over;
mod reasons;
mod rules;
mod together;
mod turns;
mod users;
