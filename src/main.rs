//! The `gavel` binary; everything is in the library's [`gavel::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    gavel::cli::main(std::env::args_os())
}
