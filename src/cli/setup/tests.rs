//! `gavel setup` on a folder that looks like Debian's.
#![allow(clippy::unwrap_used)]

use super::*;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

const JITSI: &str = "VirtualHost \"meet.example.org\"\n    authentication = \"token\"\n\n\
    Component \"conference.meet.example.org\" \"muc\"\n    modules_enabled = {\n        \
    \"muc_hide_all\";\n    }\n\n\
    Component \"breakout.meet.example.org\" \"muc\"\n    modules_enabled = {\n        \
    \"muc_hide_all\";\n    }\n";

struct Machine(tempfile::TempDir);

#[derive(Clone, Default)]
struct Text(Rc<RefCell<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Machine {
    fn with_jitsi() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine.write(
            "etc/prosody/prosody.cfg.lua",
            "Include \"conf.d/*.cfg.lua\"\n",
        );
        let available = "etc/prosody/conf.avail/meet.example.org.cfg.lua";
        machine.write(available, JITSI);
        machine.write("etc/prosody/conf.d/.keep", "");
        let link = machine.path("etc/prosody/conf.d/meet.example.org.cfg.lua");
        std::os::unix::fs::symlink(machine.path(available), link).unwrap();
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn run(&self, change: impl FnOnce(&mut SetupArgs)) -> Result<String, Error> {
        let mut args = SetupArgs {
            jitsi: None,
            muc: Vec::new(),
            undo: false,
            module: None,
            readable: Vec::new(),
            dry_run: false,
            root: self.0.path().to_path_buf(),
        };
        change(&mut args);
        let text = Text::default();
        let mut output = Output::to(text.clone());
        run(&args, &mut output)?;
        output.flush()?;
        let bytes = text.0.borrow().clone();
        Ok(String::from_utf8(bytes).unwrap())
    }

    fn jitsi(&self) -> Result<String, Error> {
        self.run(|args| args.jitsi = Some("meet.example.org".into()))
    }
}

#[test]
fn a_jitsi_is_set_up_once_and_taken_back() {
    let machine = Machine::with_jitsi();
    let before = machine.run(|args| {
        args.jitsi = Some("meet.example.org".into());
        args.dry_run = true;
    });
    assert!(before.unwrap().contains("nothing was changed"));
    assert!(!machine.path("etc/gavel").exists());

    let said = machine.jitsi().unwrap();
    assert!(said.contains("systemctl restart prosody"), "{said}");
    let secret = machine.read("etc/gavel/secret");
    assert!(!said.contains(secret.trim()), "{said}");
    let snippet = machine.read("etc/prosody/conf.d/gavel.cfg.lua");
    assert!(snippet.contains(secret.trim()), "{snippet}");
    let prosody = machine.read("etc/prosody/conf.avail/meet.example.org.cfg.lua");
    assert_eq!(prosody.matches("\"gavel\";").count(), 2, "{prosody}");
    let mode = fs::metadata(machine.path("etc/gavel/secret")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o640);

    let loaded = crate::config::load_from(
        Some(&machine.path("etc/gavel/gavel.toml")),
        Path::new("/nowhere"),
        [(
            "GAVEL_COMPONENT__SECRET".into(),
            std::ffi::OsString::from("x"),
        )],
    );
    let config = loaded.unwrap().config;
    assert_eq!(config.component.jid, "gavel.meet.example.org");
    let services: Vec<&str> = config.muc.iter().map(|s| s.domain.as_str()).collect();
    let expected = ["conference.meet.example.org", "breakout.meet.example.org"];
    assert_eq!(services, expected);

    assert_eq!(machine.jitsi().unwrap(), "nothing to change\n");

    machine.run(|args| args.undo = true).unwrap();
    let prosody = machine.read("etc/prosody/conf.avail/meet.example.org.cfg.lua");
    assert_eq!(prosody, JITSI);
    assert!(!machine.path("etc/prosody/conf.d/gavel.cfg.lua").exists());
    // Set up again, with the secret that is there.
    machine.jitsi().unwrap();
    assert_eq!(machine.read("etc/gavel/secret"), secret);
}

#[test]
fn settings_of_ones_own_are_kept_or_told_of() {
    let machine = Machine::with_jitsi();
    machine.jitsi().unwrap();
    let own = machine
        .read("etc/gavel/gavel.toml")
        .replace("#fallback = \"none\"", "fallback = \"first\"");
    machine.write("etc/gavel/gavel.toml", &own);
    assert!(machine.jitsi().unwrap().contains("left as it is"));
    machine.write(
        "etc/gavel/gavel.toml",
        "[component]\njid = \"gavel.other\"\n",
    );
    let error = machine.jitsi().unwrap_err().to_string();
    assert!(
        error.contains("lacks jid = \"gavel.meet.example.org\""),
        "{error}"
    );
}

#[test]
fn a_missing_component_is_named() {
    let machine = Machine::with_jitsi();
    let wrong = machine.run(|args| args.jitsi = Some("other.example.org".into()));
    let error = wrong.unwrap_err().to_string();
    assert!(
        error.contains("no Component \"conference.other.example.org\""),
        "{error}"
    );
    assert!(!machine.path("etc/gavel").exists(), "nothing is half done");
    machine.write("etc/prosody/conf.d/gavel.cfg.lua", "-- mine\n");
    let error = machine.jitsi().unwrap_err().to_string();
    assert!(error.contains("was not written by gavel setup"), "{error}");
    let bad = machine.run(|args| args.jitsi = Some("meet@example".into()));
    assert!(bad.unwrap_err().to_string().contains("meet.example.org"));
}

#[test]
fn the_module_and_named_files_become_readable_for_everybody() {
    let machine = Machine::with_jitsi();
    machine.write("gavel.cfg.lua", "-- for Prosody");
    let file = machine.path("gavel.cfg.lua");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let folder = machine.path("module");
    let said = machine.run(|args| {
        args.module = Some(folder.clone());
        args.readable = vec![file.clone()];
    });
    assert!(said.unwrap().starts_with("mod_gavel "));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o644);
    assert_eq!(mode(&folder.join("mod_gavel.lua")), 0o644);
}

#[test]
fn a_plain_prosody_is_set_up_by_its_service() {
    let machine = Machine::with_jitsi();
    let own = "Component \"rooms.example.org\" \"muc\"\n    name = \"Rooms\"\n";
    machine.write("etc/prosody/conf.d/rooms.cfg.lua", own);
    machine
        .run(|args| args.muc = vec!["rooms.example.org".into()])
        .unwrap();
    let prosody = machine.read("etc/prosody/conf.d/rooms.cfg.lua");
    assert!(
        prosody.contains("modules_enabled = { \"gavel\" }"),
        "{prosody}"
    );
    let snippet = machine.read("etc/prosody/conf.d/gavel.cfg.lua");
    assert!(
        snippet.contains("Component \"gavel.example.org\""),
        "{snippet}"
    );
}

/// The package copied it, and nobody has changed it before a later version came.
#[test]
fn a_sample_with_other_comments_holds_no_settings_of_ones_own() {
    let machine = Machine::with_jitsi();
    let older = crate::config::sample(crate::config::Filled::default());
    machine.write("etc/gavel/gavel.toml", &older.replace("# ", "# Older: "));
    machine
        .run(|args| args.jitsi = Some("meet.example.org".to_owned()))
        .unwrap();
    let written = machine.read("etc/gavel/gavel.toml");
    assert!(written.contains("jid = \"gavel.meet.example.org\"\n"));
    assert!(!written.contains("Older"));
}
