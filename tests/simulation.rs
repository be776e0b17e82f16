//! The engine against a modelled MUC service: scripts that real servers play, too,
//! scenarios of its own and random interleavings, in virtual time.
#![allow(clippy::unwrap_used)]

/// Plays each script on the model, without the module and with it.
macro_rules! played {
    (with_module: $($name:ident),+ $(,)?) => {};
    (only_with_module: $($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn model_with_module() {
                    crate::stage::play(super::$name::<crate::stage::Model>(true));
                }
            }
        )+
    };
    (without_module: $($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn model() {
                    crate::stage::play(super::$name::<crate::stage::Model>(false));
                }
            }
        )+
    };
    ($($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn model() {
                    crate::stage::play(super::$name::<crate::stage::Model>(false));
                }
                #[test]
                fn model_with_module() {
                    crate::stage::play(super::$name::<crate::stage::Model>(true));
                }
            }
        )+
    };
}

mod random;
mod scenarios;
mod scripts;
mod sim;
#[path = "stages/model.rs"]
mod stage;
