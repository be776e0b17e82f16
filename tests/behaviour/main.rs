//! `gavel run` beside a real Prosody, 0.12 and 13, with real clients: one file for each
//! behaviour of the specification (B1 and so on).

#![allow(clippy::unwrap_used)]

/// Plays scripts on one Prosody.
macro_rules! play {
    ([$($name:ident),+], $version:ident, $module:literal) => {{
        let at = (crate::support::Version::$version, $module);
        crate::support::run(async {
            $(
                println!("playing {}", stringify!($name));
                $name::<crate::stage::Servers>(at).await;
            )+
        });
    }};
}

/// A test for each Prosody that plays scripts.
macro_rules! on_prosodys {
    ($names:tt, $module:literal) => {
        #[test]
        fn prosody_0_12() {
            play!($names, V0_12, $module);
        }
        #[test]
        fn prosody_13() {
            play!($names, V13, $module);
        }
    };
}

/// Plays scripts on both Prosodys, one after the other, each in a room of its own. If the
/// module makes a difference, they are named another time; some need the module.
macro_rules! played {
    (with_module: $($name:ident),+ $(,)?) => {
        mod with_module {
            use super::{$($name),+};

            on_prosodys!([$($name),+], true);
        }
    };
    (only_with_module: $($name:ident),+ $(,)?) => {
        mod only_with_module {
            use super::{$($name),+};

            on_prosodys!([$($name),+], true);
        }
    };
    (without_module: $($name:ident),+ $(,)?) => {
        played!($($name),+);
    };
    ($($name:ident),+ $(,)?) => {
        on_prosodys!([$($name),+], false);
    };
}

#[path = "../scripts/mod.rs"]
mod scripts;
#[path = "../stages/servers.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod admin_metrics;
mod admin_overrides;
mod admin_rooms;
mod arrival;
mod b01_level;
mod b02_join;
mod b03_correction;
mod b08_guests;
mod b08_names;
mod b08_pictures;
mod b09_leaving;
mod b10_ownership;
mod b11_connection;
mod b12_standby;
mod b13_answers;
mod b14_secrets;
mod b16_tenants;
mod b17_permissions;
mod b17_recipes;
mod b20_bounds;
mod b20_nothing_hides;
mod b20_sight;
mod b21_bad_luck;
mod claims;
mod commands;
mod doctor;
mod guard;
mod guard_away;
mod guard_default;
mod host_absent;
mod keys;
mod logins;
mod opening;
mod permitting;
mod random_rooms;
mod reload;
mod rules;
mod spelling;
mod with_module;
