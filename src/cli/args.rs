//! The arguments of each command.

mod running;

pub use running::{
    EventsArgs, ListArgs, RoomArgs, RoomCommand, SetArgs, ShowArgs, UnsetArgs, WatchArgs,
};

use crate::claims::Algorithm;
use crate::config::{Choice, duration};
use crate::muc::BareJid;
use clap::{ArgGroup, Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use std::time::Duration;

/// The version that `gavel --version` prints: a release also names the commit that it was
/// built from (`deploy/release`).
const VERSION: &str = match option_env!("BUILD_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Lets the token (JWT) decide who is a moderator in a Jitsi meeting or any other
/// XMPP room
#[derive(Debug, Parser)]
#[command(name = "gavel", version = VERSION, arg_required_else_help = true)]
#[command(after_help = "Example:\n  gavel check -c gavel.toml && gavel run -c gavel.toml")]
pub struct Cli {
    /// The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon, in the foreground
    ///
    /// SIGTERM or SIGINT make it leave all rooms and end with status 0; a
    /// second signal ends it at once.
    #[command(after_help = "Example:\n  RUST_LOG=gavel=debug gavel run -c gavel.toml")]
    Run,
    /// Validate the configuration and print the effective one
    ///
    /// It is printed as TOML, with all defaults, the environment laid over it
    /// and secrets as "***".
    #[command(after_help = "Example:\n  gavel check --json | jq .policy")]
    Check(CheckArgs),
    /// Say which affiliation, name and permissions claims get, and why
    ///
    /// Works offline, from the configuration alone.
    #[command(
        after_help = "Example:\n  gavel explain --jwt token.txt --room lesson@muc.meet.jitsi"
    )]
    Explain(ExplainArgs),
    /// Make, verify and show tokens
    #[command(arg_required_else_help = true)]
    #[command(
        after_help = "Example:\n  gavel token sign --claims teacher.json --exp 1h | \
                            gavel token verify -"
    )]
    Token(TokenArgs),
    /// Inspect and steer the running daemon
    ///
    /// ROOM is a room as people write it (lesson, How To Be), the meeting's URL, or a JID.
    /// If several services have a room of that name, the main one is meant. WHO is a nick,
    /// a real JID or a display name of somebody in the room; jid:ada@meet.jitsi is nobody
    /// else's, whatever others call themselves.
    #[command(arg_required_else_help = true)]
    #[command(after_help = "Example:\n  gavel room show lesson")]
    Room(RoomArgs),
    /// Print the decisions taken, newest last
    ///
    /// The daemon keeps the last 10,000.
    #[command(after_help = "Example:\n  gavel events --follow --room lesson")]
    Events(EventsArgs),
    /// Examine the deployment and say how to fix it
    ///
    /// Asks the running daemon; if none runs here it connects to Prosody itself, joins
    /// nothing and leaves. Each finding is a line: ok, warn or fail, the finding, and the
    /// setting that fixes it. The status is 1 if something fails.
    #[command(after_help = "Example:\n  gavel doctor && systemctl enable --now gavel")]
    Doctor(DoctorArgs),
    /// Write what gavel and Prosody need to know of each other
    ///
    /// For Debian's packages, as root: the secret, gavel's configuration, the
    /// component, and the module in modules_enabled of the MUC components. It says
    /// what it changes, changes nothing twice, and restarts nothing.
    #[command(after_help = "Example:\n  gavel setup --jitsi meet.example.org --dry-run")]
    Setup(SetupArgs),
    /// Show on one screen how gavel is
    ///
    /// The connection, the module on each service, rooms and people, the people who do not
    /// have yet what they should have, and the doctor's findings. The status is 1 if gavel
    /// is not ready.
    #[command(after_help = "Example:\n  gavel status || gavel doctor")]
    Status(StatusArgs),
    /// Print a shell's completions
    #[command(after_help = "Example:\n  gavel completions bash > \
                            /etc/bash_completion.d/gavel")]
    Completions(CompletionsArgs),
}

/// The arguments of `gavel check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print only what is wrong with it
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}

/// The arguments of `gavel setup`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("what").required(true).args(["jitsi", "muc", "undo", "module"])))]
pub struct SetupArgs {
    /// The domain of a Jitsi installed from Debian's packages
    #[arg(long, value_name = "DOMAIN")]
    pub jitsi: Option<String>,
    /// A MUC service of a plain Prosody; may be given several times
    #[arg(long, value_name = "SERVICE")]
    pub muc: Vec<String>,
    /// Take back what setup has put into Prosody's configuration
    #[arg(long)]
    pub undo: bool,
    /// Write the Prosody module into this folder, and nothing else
    #[arg(long, value_name = "FOLDER")]
    pub module: Option<PathBuf>,
    /// Make this file readable for everybody; with --module
    #[arg(long, value_name = "FILE", requires = "module")]
    pub readable: Vec<PathBuf>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The folder that stands for /
    #[arg(long, value_name = "FOLDER", default_value = "/", hide = true)]
    pub root: PathBuf,
}

/// The arguments of `gavel explain`: exactly one of [`Self::jwt`], [`Self::claims`] and
/// [`Self::guest`].
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("evidence").required(true).args(["jwt", "claims", "guest"])))]
pub struct ExplainArgs {
    /// A file with a compact JWT, verified as presence would be; - is stdin
    #[arg(long, value_name = "FILE")]
    pub jwt: Option<PathBuf>,
    /// A file with claims as JSON, taken as verified; - is stdin
    #[arg(long, value_name = "FILE")]
    pub claims: Option<PathBuf>,
    /// Somebody who has no token
    #[arg(long)]
    pub guest: bool,
    /// The room to judge them for; a breakout room's main room
    #[arg(long, add = super::completions::rooms())]
    pub room: Option<String>,
    /// Their nick, for rules that look at occupant.nick
    #[arg(long)]
    pub nick: Option<String>,
    /// Their real JID, for rules that look at occupant.jid or occupant.domain
    #[arg(long, value_name = "JID", value_parser = real_jid)]
    pub jid: Option<BareJid>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The command on a token.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The commands about tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a test token, signed with the configured secret
    #[command(after_help = "Example:\n  gavel token sign --claims teacher.json --exp 1h")]
    Sign(SignArgs),
    /// Verify a token with the configured keys and say what is wrong
    #[command(after_help = "Example:\n  gavel token verify --room lesson@muc.meet.jitsi token.txt")]
    Verify(VerifyArgs),
    /// Show a token without verifying it
    #[command(after_help = "Example:\n  gavel token decode token.txt")]
    Decode(DecodeArgs),
}

/// The arguments of `gavel token sign`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// A file with the claims as JSON; - is stdin
    #[arg(long, value_name = "FILE")]
    pub claims: PathBuf,
    /// How long the token is valid from now, e.g. 1h; without it `exp` is as
    /// in the claims. Missing `iss` and `aud` are those of [claims.jwt]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub exp: Option<Duration>,
    /// The algorithm [default: the first configured]
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm, add = super::completions::algorithms())]
    pub alg: Option<Algorithm>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel token verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The room it is shown in
    #[arg(long, add = super::completions::rooms())]
    pub room: Option<String>,
    /// A file with a compact JWT; - is stdin
    #[arg(value_name = "FILE")]
    pub token: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel token decode`.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// A file with a compact JWT; - is stdin
    #[arg(value_name = "FILE")]
    pub token: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Only ask the running daemon whether it does its work, or stands by: one
    /// line, within 2 s
    #[arg(long, conflicts_with = "json")]
    pub ready: bool,
}

/// The arguments of `gavel status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Reads a time such as `1h`.
fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|error| format!("{error}; write a time such as 1h30m"))
}

/// Reads a real JID, whose resource does not matter.
fn real_jid(text: &str) -> Result<BareJid, String> {
    let read = jid::Jid::new(text).map_err(|error| error.to_string())?;
    BareJid::parse(&read.to_bare().to_string()).ok_or_else(|| "it is empty".to_owned())
}

/// Reads an algorithm's name.
fn algorithm(text: &str) -> Result<Algorithm, String> {
    let known = || Algorithm::WORDS.iter().map(|(word, _)| *word);
    Algorithm::parse(text)
        .ok_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn walk(command: &clap::Command) {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example:\n  "), "{}", command.get_name());
            command.get_subcommands().for_each(walk);
        }
        walk(&Cli::command());
    }

    #[test]
    fn explain_takes_exactly_one_kind_of_evidence() {
        let parse = |args: &[&str]| {
            let args = ["gavel", "explain"].iter().chain(args);
            Cli::try_parse_from(args).map_err(|error| error.exit_code())
        };
        assert!(parse(&["--jwt", "f"]).is_ok());
        assert!(parse(&["--claims", "-", "--room", "a@b", "--json"]).is_ok());
        assert_eq!(parse(&[]).unwrap_err(), 2);
        assert_eq!(parse(&["--room", "a@b"]).unwrap_err(), 2);
        assert_eq!(parse(&["--jwt", "f", "--claims", "g"]).unwrap_err(), 2);
    }

    #[test]
    fn token_sign_reads_time_and_algorithm() {
        let args = "gavel token sign --claims - --exp 1h30m --alg ES256 -c x.toml";
        let cli = Cli::try_parse_from(args.split(' ')).unwrap();
        assert_eq!(cli.config.unwrap().to_str(), Some("x.toml"));
        let Command::Token(TokenArgs {
            command: TokenCommand::Sign(args),
        }) = cli.command
        else {
            panic!("another command");
        };
        assert_eq!(args.exp, Some(Duration::from_secs(5400)));
        assert_eq!(args.alg, Some(Algorithm::ES256));
        for args in ["--claims - --alg none", "--claims - --exp 1", "--exp 1h"] {
            let args = format!("gavel token sign {args}");
            let error = Cli::try_parse_from(args.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{args}");
        }
    }
}
