//! From the file and the environment to a [`Config`].

use super::admin;
use super::files;
use super::keys::{self, FILE_VARIABLE, MUC_VARIABLE};
use super::model::Config;
use super::notes::Notes;
use super::problem::{Invalid, Problem, quoted};
use super::read;
use super::tree::{self, Table};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is read if none is named.
pub const DEFAULT_FILE: &str = "/etc/gavel/gavel.toml";

/// A usable configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The warnings, to be shown once.
    pub warnings: Vec<Problem>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Loads the configuration from `file` (else `$GAVEL_CONFIG`, else
/// [`DEFAULT_FILE`], which need not exist) and this process's environment.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(file: Option<&Path>) -> Result<Loaded, Invalid> {
    load_from(file, Path::new(DEFAULT_FILE), std::env::vars_os())
}

/// Like [`load`], with another default file and environment.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_from(
    file: Option<&Path>,
    default: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, Invalid> {
    let environment = own(environment);
    if let Some(problem) = not_replaced(&environment) {
        return Err(Invalid {
            errors: vec![problem],
            warnings: Vec::new(),
        });
    }
    let source = source(file, default, &environment).map_err(Invalid::from)?;
    parse(source.path, source.text.as_deref(), &environment)
}

/// The configured path of the running daemon's socket (`admin.socket`), from `file` as
/// [`load`] takes it and this process's environment.
///
/// Nothing else of the configuration matters: it may be incomplete or name secrets that
/// this user may not read; and if the default file itself is not for this user, the default
/// socket is asked.
///
/// # Errors
/// A file that was named and cannot be read, one that is no TOML, a socket that
/// is no path.
pub fn admin_socket(file: Option<&Path>) -> Result<PathBuf, Invalid> {
    admin_socket_from(file, Path::new(DEFAULT_FILE), std::env::vars_os())
}

/// Like [`admin_socket`], with another default file and environment.
///
/// # Errors
/// As [`admin_socket`].
pub fn admin_socket_from(
    file: Option<&Path>,
    default: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<PathBuf, Invalid> {
    let environment = own(environment);
    let variable = keys::variable("admin.socket");
    let given = environment.iter().find(|(name, _)| *name == *variable);
    let given = given.and_then(|(_, value)| value.to_str());
    let source = match source(file, default, &environment) {
        Err(error) if error.denied && (!error.named || given.is_some()) => Source {
            path: default.to_path_buf(),
            text: None,
        },
        Err(mut error) => {
            if error.denied {
                error.problem.remedy = format!("use sudo, or set {variable} to gavel's socket");
            }
            return Err(error.into());
        }
        Ok(source) => source,
    };
    let (notes, mut tree) = tree_of(source.path, source.text.as_deref())?;
    if let Some(text) = given {
        tree::overlay(&mut tree, "admin.socket", &variable, text);
    }
    let socket = admin::socket_of(&notes, tree);
    let (errors, warnings) = notes.into_parts();
    match errors.is_empty() {
        true => Ok(socket),
        false => Err(Invalid { errors, warnings }),
    }
}

/// gavel's variables, sorted by name.
fn own(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let mut own: Vec<(OsString, OsString)> = environment
        .into_iter()
        .filter(|(name, _)| name.to_string_lossy().starts_with(keys::PREFIX))
        .collect();
    own.sort();
    own
}

/// The configuration file.
struct Source {
    path: PathBuf,
    /// `None` if it is the default one and not there.
    text: Option<String>,
}

/// Why there is no [`Source`].
struct Unreadable {
    problem: Problem,
    /// Says whether this user may not read it.
    denied: bool,
    /// Says whether somebody named it; else it is the default one.
    named: bool,
}

impl From<Unreadable> for Invalid {
    fn from(unreadable: Unreadable) -> Self {
        Self {
            errors: vec![unreadable.problem],
            warnings: Vec::new(),
        }
    }
}

/// Reads `file`, else the one that the environment names, else `default`.
fn source(
    file: Option<&Path>,
    default: &Path,
    environment: &[(OsString, OsString)],
) -> Result<Source, Unreadable> {
    let named = environment
        .iter()
        .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty())
        .map(|(_, value)| PathBuf::from(value));
    let place = match (file, &named) {
        (Some(_), _) => Some("--config".to_owned()),
        (None, Some(_)) => Some(format!("environment {FILE_VARIABLE}")),
        (None, None) => None,
    };
    let path = file.map(Path::to_path_buf).or(named);
    let path = path.unwrap_or_else(|| default.to_path_buf());
    let text = text_of(&path, place.as_deref())?;
    Ok(Source { path, text })
}

/// The file's text; `None` if it is the default one, `place` being `None`, and not there.
fn text_of(path: &Path, place: Option<&str>) -> Result<Option<String>, Unreadable> {
    let shown = quoted(&path.to_string_lossy());
    let unreadable = |problem: String, remedy: &str, denied| Unreadable {
        problem: Problem {
            place: place.unwrap_or("configuration").to_owned(),
            problem,
            remedy: remedy.to_owned(),
        },
        denied,
        named: place.is_some(),
    };
    match files::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
            unreadable(
                format!("{shown} is not text"),
                "name a file of TOML in UTF-8",
                false,
            )
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && place.is_none() => Ok(None),
        Err(error) => {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create the file, or name another with --config",
                io::ErrorKind::PermissionDenied => "let gavel's user read it",
                _ => "name a readable file with --config",
            };
            let denied = error.kind() == io::ErrorKind::PermissionDenied;
            Err(unreadable(
                format!("cannot read {shown}: {error}"),
                remedy,
                denied,
            ))
        }
    }
}

/// Reads `text`, if `file` is there, with the environment laid over it.
fn parse(
    file: PathBuf,
    text: Option<&str>,
    environment: &[(OsString, OsString)],
) -> Result<Loaded, Invalid> {
    let (notes, mut tree) = tree_of(file.clone(), text)?;
    let listed = lay_over(&notes, &mut tree, environment);
    let config = read::config(&notes, tree, listed.as_deref());
    let (errors, warnings) = notes.into_parts();
    match config {
        Some(config) if errors.is_empty() => Ok(Loaded {
            config,
            warnings,
            file: text.map(|_| file),
        }),
        _ => Err(Invalid { errors, warnings }),
    }
}

/// The settings in `text`, if `file` is there.
fn tree_of(file: PathBuf, text: Option<&str>) -> Result<(Notes, Table), Invalid> {
    let name = file.to_string_lossy().into_owned();
    let tree = text.map_or_else(|| Ok(Table::new()), |text| tree::parse(text, &name));
    let tree = tree.map_err(|errors| Invalid {
        errors,
        warnings: Vec::new(),
    })?;
    Ok((Notes::new(name, text.is_some()), tree))
}

/// Lays the environment over `tree`; returns the value of [`MUC_VARIABLE`].
fn lay_over(
    notes: &Notes,
    tree: &mut Table,
    environment: &[(OsString, OsString)],
) -> Option<String> {
    let mut listed = None;
    for (name, value) in environment {
        let shown = name.to_string_lossy();
        let place = format!("environment {}", escaped(name));
        let key = keys::key_of(&shown);
        if shown == FILE_VARIABLE {
            continue;
        }
        if key.is_none() && shown != MUC_VARIABLE {
            let remedy = keys::instead_of_variable(&shown);
            notes.warn(place, "unknown variable", remedy);
            continue;
        }
        let Some(value) = value.to_str() else {
            notes.error(place, "is not text in UTF-8", "set it to text, or unset it");
            continue;
        };
        if is_quoted(value) {
            let secret = key.is_some_and(is_secret);
            let problem = "the value has quotes around it, and they count as part of it";
            let remedy = format!(
                "remove the quotes: in a list under `environment:` Docker Compose keeps them, so write - {shown}=value"
            );
            if secret {
                notes.warn(place, problem, remedy);
            } else {
                notes.error(place, problem, remedy);
                continue;
            }
        }
        match key {
            // Container tools pass empty variables for settings they do not have.
            Some(key) if value.is_empty() && keys::is_optional(key) => {}
            Some(key) => tree::overlay(tree, key, &shown, value),
            None => listed = Some(value.to_owned()),
        }
    }
    listed
}

/// The damage that docker-compose 1.x does to the overlay for docker-jitsi-meet: it takes a
/// variable within a variable for text, without a word. All other errors would follow from
/// that.
fn not_replaced(environment: &[(OsString, OsString)]) -> Option<Problem> {
    let (name, _) = environment.iter().find(|(name, value)| {
        let key = keys::key_of(&name.to_string_lossy());
        !key.is_some_and(is_secret) && value.to_string_lossy().contains("${")
    })?;
    Some(Problem {
        place: format!("environment {}", escaped(name)),
        problem: "the value holds \"${\", which Docker Compose should have replaced".to_owned(),
        remedy: "use Docker Compose 2.20 or newer (docker compose version shows it): docker-compose 1.x replaces no variable within another".to_owned(),
    })
}

/// Says whether a key holds a secret, which may have any characters.
fn is_secret(key: &str) -> bool {
    key.ends_with("secret") || key.ends_with("token")
}

/// Says whether a value stands in quotes.
fn is_quoted(value: &str) -> bool {
    let in_quotes =
        |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    in_quotes('"') || in_quotes('\'')
}

/// A variable's name with all characters escaped that could disturb a terminal.
fn escaped(name: &OsStr) -> String {
    let quoted = quoted(&name.to_string_lossy());
    quoted.trim_matches('"').to_owned()
}
