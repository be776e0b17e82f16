//! `deploy/prosody/gavel` on real Prosody: SPEC section 6. gavel is
//! played by hand, a bare component, so that only the module is on trial.

#![allow(clippy::unwrap_used)]

mod support;

#[path = "module/arrival.rs"]
mod arrival;
#[path = "module/arrival_bounds.rs"]
mod arrival_bounds;
#[path = "module/authors.rs"]
mod authors;
#[path = "module/bounds.rs"]
mod bounds;
#[path = "module/breakout.rs"]
mod breakout;
#[path = "module/breakout_back.rs"]
mod breakout_back;
#[path = "module/buttons.rs"]
mod buttons;
#[path = "module/claims.rs"]
mod claims;
#[path = "module/facts.rs"]
mod facts;
#[path = "module/faults.rs"]
mod faults;
#[path = "module/features.rs"]
mod features;
#[path = "module/guard.rs"]
mod guard;
#[path = "module/guard_lease.rs"]
mod guard_lease;
#[path = "module/guard_returns.rs"]
mod guard_returns;
#[path = "module/hosts.rs"]
mod hosts;
#[path = "module/jitsi.rs"]
mod jitsi;
#[path = "module/life.rs"]
mod life;
#[path = "module/lock.rs"]
mod lock;
#[path = "module/logins.rs"]
mod logins;
#[path = "module/messages.rs"]
mod messages;
#[path = "module/names.rs"]
mod names;
#[path = "module/outages.rs"]
mod outages;
#[path = "module/permissions.rs"]
mod permissions;
#[path = "module/renamed.rs"]
mod renamed;
#[path = "module/resumption.rs"]
mod resumption;
#[path = "module/rights.rs"]
mod rights;
#[path = "module/rooms.rs"]
mod rooms;
#[path = "module/scene.rs"]
mod scene;
#[path = "module/shadow.rs"]
mod shadow;
#[path = "module/unmuting.rs"]
mod unmuting;
#[path = "module/widen.rs"]
mod widen;
