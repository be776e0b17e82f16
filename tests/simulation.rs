//! The engine against a modelled MUC service: scripts that real servers play, too,
//! scenarios of its own and random interleavings, in virtual time.
#![allow(clippy::unwrap_used)]

/// Plays a script on the model, with the module and without.
macro_rules! played {
    (together: $($name:ident),+ $(,)?) => { $(played!($name);)+ };
    ($name:ident $(, $more:ident)?) => {
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
    };
}

mod random;
mod scenarios;
mod scripts;
mod sim;
#[path = "stages/model.rs"]
mod stage;
