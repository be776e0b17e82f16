//! From the file and the environment to a [`Config`].

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

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "/etc/gavel/gavel.toml";

/// A usable configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What was remarkable; to be shown once.
    pub warnings: Vec<Problem>,
    /// The file that was read, where there was one.
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
    let mut environment: Vec<(OsString, OsString)> = environment
        .into_iter()
        .filter(|(name, _)| name.to_string_lossy().starts_with(keys::PREFIX))
        .collect();
    environment.sort();
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
    let text = text_of(&path, place.as_deref()).map_err(|error| Invalid {
        errors: vec![error],
        warnings: Vec::new(),
    })?;
    parse(path, text.as_deref(), &environment)
}

/// The file's text; `None` where it is the default one, `place` being `None`,
/// and not there.
fn text_of(path: &Path, place: Option<&str>) -> Result<Option<String>, Problem> {
    let shown = quoted(&path.to_string_lossy());
    let problem = |problem: String, remedy: &str| Problem {
        place: place.unwrap_or("configuration").to_owned(),
        problem,
        remedy: remedy.to_owned(),
    };
    match files::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
            problem(
                format!("{shown} is not text"),
                "name a file of TOML in UTF-8",
            )
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && place.is_none() => Ok(None),
        Err(error) => {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create the file, or name another with --config",
                io::ErrorKind::PermissionDenied => "let gavel's user read it",
                _ => "name a readable file with --config",
            };
            Err(problem(format!("cannot read {shown}: {error}"), remedy))
        }
    }
}

/// Reads `text`, if `file` is there, with the environment laid over it.
fn parse(
    file: PathBuf,
    text: Option<&str>,
    environment: &[(OsString, OsString)],
) -> Result<Loaded, Invalid> {
    let name = file.to_string_lossy().into_owned();
    let tree = text.map_or_else(|| Ok(Table::new()), |text| tree::parse(text, &name));
    let mut tree = tree.map_err(|errors| Invalid {
        errors,
        warnings: Vec::new(),
    })?;
    let notes = Notes::new(name, text.is_some());
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

/// Lays the environment over `tree`; returns what [`MUC_VARIABLE`] holds.
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
        match key {
            // What starts containers passes empty variables for what it has not.
            Some(key) if key.ends_with(".secret") && value.is_empty() => {}
            Some(key) => tree::overlay(tree, key, &shown, value),
            None => listed = Some(value.to_owned()),
        }
    }
    listed
}

/// A variable's name with whatever could disturb a terminal escaped.
fn escaped(name: &OsStr) -> String {
    let quoted = quoted(&name.to_string_lossy());
    quoted.trim_matches('"').to_owned()
}
