//! How a test's Prosody is configured.

use std::path::Path;

/// How a test's Prosody differs from the usual one.
///
/// The usual one has the host `meet.jitsi`, where people log in by a stand-in of Jitsi's
/// token authentication, `auth.meet.jitsi` with accounts (on both any user a test names),
/// `guest.meet.jitsi` for anonymous users, the MUC services `muc.meet.jitsi` and
/// `breakout.meet.jitsi` without locking and with public JIDs, and the external component
/// `gavel.meet.jitsi`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Says whether `meet.jitsi` is for anonymous users, as in stock Jitsi.
    pub anonymous: bool,
    /// Says whether the MUC services have none of the stand-in modules that record and fix
    /// things for tests, as where cost is measured.
    pub plain: bool,
    /// Says whether gavel is in `admins`.
    pub gavel_is_admin: bool,
    /// `component_admins_as_room_owners` of the MUC services (Prosody 13).
    pub admins_own_rooms: bool,
    /// `validate_from_addresses` of the component.
    pub validate_from: bool,
    /// More `modules_enabled` of `meet.jitsi`.
    pub host_modules: Vec<&'static str>,
    /// More `modules_enabled` of `muc.meet.jitsi`.
    pub muc_modules: Vec<&'static str>,
    /// More `modules_enabled` of `breakout.meet.jitsi`.
    pub breakout_modules: Vec<&'static str>,
    /// Says whether Prosody runs as [`super::NOBODY`], not as root.
    pub as_nobody: bool,
    /// More Lua in the global section.
    pub global: String,
    /// More Lua in `VirtualHost "meet.jitsi"`.
    pub host: String,
    /// More Lua in `Component "muc.meet.jitsi"`.
    pub muc: String,
    /// More Lua in `Component "breakout.meet.jitsi"`.
    pub breakout: String,
    /// More Lua in `Component "gavel.meet.jitsi"`.
    pub component: String,
    /// More Lua at the end: whole sections.
    pub more: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            anonymous: false,
            plain: false,
            gavel_is_admin: true,
            admins_own_rooms: true,
            validate_from: false,
            host_modules: Vec::new(),
            muc_modules: Vec::new(),
            breakout_modules: Vec::new(),
            as_nobody: false,
            global: String::new(),
            host: String::new(),
            muc: String::new(),
            breakout: String::new(),
            component: String::new(),
            more: String::new(),
        }
    }
}

impl Options {
    /// Rooms that the module serves, and gavel without any right of its own.
    pub fn with_module() -> Self {
        Self {
            gavel_is_admin: false,
            admins_own_rooms: false,
            validate_from: true,
            muc_modules: vec!["gavel"],
            ..Self::default()
        }
    }
}

/// A Lua list of strings.
fn list(base: &[&str], more: &[&str]) -> String {
    let quoted: Vec<String> = base.iter().chain(more).map(|m| format!("{m:?}")).collect();
    format!("{{ {} }}", quoted.join(", "))
}

/// The whole configuration.
pub(super) fn configuration(dir: &Path, c2s: u16, component: u16, o: &Options) -> String {
    let dir = dir.display();
    let level = std::env::var("TEST_PROSODY_LOG").unwrap_or("info".into());
    let admins = if o.gavel_is_admin {
        "\"gavel@gavel.meet.jitsi\""
    } else {
        ""
    };
    let authentication = if o.anonymous { "anonymous" } else { "token" };
    let own = o.admins_own_rooms;
    let validate = o.validate_from;
    let secret = super::SECRET;
    let host_modules = list(&["test_session"], &o.host_modules);
    let stand_ins: &[&str] = match o.plain {
        true => &[],
        false => &["test_record", "test_promote"],
    };
    let muc_modules = list(stand_ins, &o.muc_modules);
    let breakout_modules = list(stand_ins, &o.breakout_modules);
    let Options {
        global,
        host,
        muc,
        breakout,
        component: component_more,
        more,
        ..
    } = o;
    format!(
        r#"
run_as_root = true
data_path = "{dir}/data"
plugin_paths = {{ "{dir}/modules" }}
log = {{ {{ levels = {{ min = "{level}" }}, to = "file", filename = "{dir}/prosody.log" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_interfaces = {{ "127.0.0.1" }}
component_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
component_ports = {{ {component} }}
c2s_direct_tls_ports = {{}}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{}}
modules_enabled = {{ "saslauth", "disco", "ping" }}
modules_disabled = {{ "s2s", "tls" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
network_settings = {{ nagle = false }}
admins = {{ {admins} }}
muc_room_locking = false
muc_room_default_public_jids = true
component_admins_as_room_owners = {own}
{global}

VirtualHost "meet.jitsi"
  authentication = "{authentication}"
  modules_enabled = {host_modules}
  {host}

VirtualHost "auth.meet.jitsi"
  authentication = "internal_plain"

VirtualHost "guest.meet.jitsi"
  authentication = "anonymous"
  modules_enabled = {{ "test_session" }}

Component "muc.meet.jitsi" "muc"
  modules_enabled = {muc_modules}
  {muc}

Component "breakout.meet.jitsi" "muc"
  modules_enabled = {breakout_modules}
  {breakout}

Component "gavel.meet.jitsi"
  component_secret = "{secret}"
  validate_from_addresses = {validate}
  {component_more}

{more}
"#
    )
}
