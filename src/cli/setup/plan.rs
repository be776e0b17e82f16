//! The changes that `gavel setup` would make on a Debian system: read first, then shown,
//! then done.

use super::lua::{self, Enabled};
use crate::cli::Error;
use crate::config::{Filled, sample};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The first line of the file that is given to Prosody.
const MARK: &str = "-- Written by `gavel setup`; `gavel setup --undo` removes it.";

/// The setup that is wanted.
#[derive(Debug)]
pub struct Wish {
    /// The component's domain, e.g. `gavel.meet.example.org`.
    pub component: String,
    /// MUC services that there must be.
    pub required: Vec<String>,
    /// MUC services that are looked after if there are any.
    pub optional: Vec<String>,
}

/// The paths of everything.
#[derive(Debug, Clone)]
pub struct Places {
    /// Usually `/`.
    pub root: PathBuf,
}

impl Places {
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// gavel's configuration.
    pub fn configuration(&self) -> PathBuf {
        self.at("/etc/gavel/gavel.toml")
    }

    /// The secret that gavel and Prosody share.
    pub fn secret(&self) -> PathBuf {
        self.at("/etc/gavel/secret")
    }

    /// The file that tells Prosody of gavel.
    pub fn snippet(&self) -> PathBuf {
        self.at("/etc/prosody/conf.d/gavel.cfg.lua")
    }

    /// Prosody's configuration files, the main one first.
    fn prosody(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = vec![self.at("/etc/prosody/prosody.cfg.lua")];
        let entries = fs::read_dir(self.at("/etc/prosody/conf.d"))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with(".cfg.lua"))
            .collect();
        found.sort();
        files.extend(found);
        Ok(files)
    }
}

/// One file to write or remove.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// Its content now; `None` if it is not there.
    pub before: Option<String>,
    /// Its new content; `None` if it is to go.
    pub after: Option<String>,
    /// The group that may read it, if not everybody may.
    pub group: Option<&'static str>,
}

/// All changes, and further notes for the admin.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order in which they are made.
    pub changes: Vec<Change>,
    /// Sentences for people.
    pub notes: Vec<String>,
}

impl Plan {
    fn write(&mut self, path: PathBuf, after: String, group: Option<&'static str>) {
        let before = fs::read_to_string(&path).ok();
        if before.as_deref() != Some(&after) {
            self.changes.push(Change {
                path,
                before,
                after: Some(after),
                group,
            });
        }
    }
}

/// The changes that fulfil `wish`. `new_secret` is used if there is no secret yet.
pub fn plan(places: &Places, wish: &Wish, new_secret: &str) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let secret = match fs::read_to_string(places.secret()) {
        Ok(secret) if !secret.trim().is_empty() => secret,
        _ => format!("{new_secret}\n"),
    };
    let files = places.prosody().map_err(|error| {
        Error::Failed(format!(
            "cannot read /etc/prosody/conf.d: {error}; install Prosody (apt-get install prosody), or run this as root"
        ))
    })?;
    let mut services = Vec::new();
    for (service, needed) in wish
        .required
        .iter()
        .map(|service| (service, true))
        .chain(wish.optional.iter().map(|service| (service, false)))
    {
        if enable(&mut plan, &files, service)? {
            services.push(service.clone());
        } else if needed {
            return Err(Error::Failed(format!(
                "Prosody's configuration has no Component \"{service}\" \"muc\": give the domain of the installation, or name the MUC service with --muc"
            )));
        } else {
            let note = format!("Prosody has no Component \"{service}\": left out");
            plan.notes.push(note);
        }
    }
    snippet(&mut plan, places, wish, secret.trim())?;
    plan.write(places.secret(), secret, Some("gavel"));
    configuration(&mut plan, places, wish, &services)?;
    Ok(plan)
}

/// Enables the module on `service`. Says whether one of the files has that service.
fn enable(plan: &mut Plan, files: &[PathBuf], service: &str) -> Result<bool, Error> {
    for file in files {
        // One file may be changed for two services.
        let planned = plan.changes.iter_mut().find(|change| change.path == *file);
        let Some(text) = (match &planned {
            Some(change) => change.after.clone(),
            None => fs::read_to_string(file).ok(),
        }) else {
            continue;
        };
        match lua::enable(&text, service) {
            Enabled::Absent => {}
            Enabled::Already => return Ok(true),
            Enabled::Changed(after) => {
                match planned {
                    Some(change) => change.after = Some(after),
                    None => plan.write(file.clone(), after, None),
                }
                return Ok(true);
            }
            Enabled::Unknown => {
                return Err(Error::Failed(format!(
                    "{}: modules_enabled of Component \"{service}\" is not a plain list; add \"gavel\" to it by hand and run this again",
                    file.display()
                )));
            }
        }
    }
    Ok(false)
}

/// The lines that tell Prosody of gavel's component.
fn snippet(plan: &mut Plan, places: &Places, wish: &Wish, secret: &str) -> Result<(), Error> {
    let path = places.snippet();
    if let Ok(found) = fs::read_to_string(&path)
        && !found.starts_with(MARK)
    {
        let known = found.contains(&format!("\"{}\"", wish.component)) && found.contains(secret);
        return match known {
            true => Ok(()),
            false => Err(Error::Failed(format!(
                "{} exists and was not written by gavel setup; move it away and run this again",
                path.display()
            ))),
        };
    }
    let text = format!(
        "{MARK}\n\
         -- With nagle, Prosody's default, news reach a browser up to 40 ms late.\n\
         network_settings = {{ nagle = false }}\n\
         -- mod_gavel looks here for gavel.\n\
         gavel_jid = \"gavel@{component}\"\n\n\
         Component \"{component}\"\n    component_secret = \"{secret}\"\n",
        component = wish.component,
    );
    plan.write(path, text, Some("prosody"));
    Ok(())
}

/// The lines of a configuration that set something: the sample of another version has
/// other comments.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// gavel's own configuration: the sample with this installation's names.
fn configuration(
    plan: &mut Plan,
    places: &Places,
    wish: &Wish,
    services: &[String],
) -> Result<(), Error> {
    let path = places.configuration();
    let values = [
        ("component.jid", format!("\"{}\"", wish.component)),
        ("component.server", "\"127.0.0.1:5347\"".to_owned()),
        ("component.secret_file", "\"/etc/gavel/secret\"".to_owned()),
    ];
    let text = sample(Filled {
        values: &values,
        services,
    });
    let found = fs::read_to_string(&path).ok();
    let untouched = found.as_deref().is_none_or(|found| {
        settings(found).eq(settings(&sample(Filled::default()))) || found == text
    });
    if untouched {
        plan.write(path, text, Some("gavel"));
        return Ok(());
    }
    let missing: Vec<String> = values
        .iter()
        .map(|(key, value)| (key.rsplit('.').next().unwrap_or(key), value.as_str()))
        .chain(services.iter().map(|service| ("service", service.as_str())))
        .filter(|(key, value)| !says(found.as_deref().unwrap_or_default(), key, value))
        .map(|(key, value)| format!("{key} = \"{}\"", value.trim_matches('"')))
        .collect();
    match missing.is_empty() {
        true => {
            let note = format!("{} has settings of your own: left as it is", path.display());
            plan.notes.push(note);
            Ok(())
        }
        false => Err(Error::Failed(format!(
            "{} has settings of your own, and lacks {}; add that, or move the file away, and run this again",
            path.display(),
            missing.join(", ")
        ))),
    }
}

/// Says whether a line of `text` sets `key` to `value`.
fn says(text: &str, key: &str, value: &str) -> bool {
    text.lines().any(|line| {
        let (name, rest) = line.split_once('=').unwrap_or((line, ""));
        let rest = rest.split('#').next().unwrap_or(rest);
        name.trim() == key && rest.trim().trim_matches(['"', '\'']) == value.trim_matches('"')
    })
}

/// The changes that take the setup back: they remove all insertions from Prosody. gavel's
/// own files stay for the package to remove.
pub fn undo(places: &Places) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let files = places
        .prosody()
        .map_err(|error| Error::Failed(format!("cannot read /etc/prosody/conf.d: {error}")))?;
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        if let Some(after) = lua::disable(&text) {
            plan.write(file, after, None);
        }
    }
    let snippet = places.snippet();
    let ours = fs::read_to_string(&snippet).ok();
    if let Some(before) = ours.filter(|text| text.starts_with(MARK)) {
        plan.changes.push(Change {
            path: snippet,
            before: Some(before),
            after: None,
            group: None,
        });
    }
    if places.configuration().exists() {
        let kept = "/etc/gavel stays; apt-get purge gavel removes it with the secret and the state";
        plan.notes.push(kept.to_owned());
    }
    Ok(plan)
}

/// The real file behind links, which is the one to write.
pub fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}
