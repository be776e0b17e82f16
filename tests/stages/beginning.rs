//! Prosody and gavel as a script needs them.

use crate::scripts::stage::{Setting, Token, bare};
use crate::support::{Client, Env, Gavel, JWT_SECRET, Options, Version, complete, sign};
use serde_json::json;
use std::sync::Arc;

/// gavel's settings as they are beside this kind of server. Scripts are about gavel's
/// answer to gifts of others, so the guard is off: it would refuse the gifts.
pub fn settings(module: bool, setting: &Setting) -> String {
    let services = match setting.breakout {
        true => "muc = [{ service = 'muc.meet.jitsi' }, { service = 'breakout.meet.jitsi' }]\n",
        false => "",
    };
    let leeway = setting
        .leeway
        .map(|seconds| format!("[claims.jwt]\nsecret = '{JWT_SECRET}'\nleeway = '{seconds}s'\n"));
    let config = leeway.unwrap_or_default() + &setting.config;
    match module {
        true => Gavel::unguarded(&format!(
            "{services}[claims]\nsources = ['bridge']\n{config}"
        )),
        false => format!("{services}{config}"),
    }
}

/// The JWT. The same token gives the same one.
pub fn signed(token: &Token) -> String {
    let moderator = match token.host {
        true => json!(true),
        false => json!("false"),
    };
    let mut claims = json!({ "jti": token.serial, "context": {
        "user": { "id": token.id, "moderator": moderator },
    } });
    if let Some(name) = &token.name {
        claims["context"]["user"]["name"] = name.as_str().into();
    }
    if let Some(exp) = token.exp {
        claims["exp"] = exp.into();
    }
    sign(&complete(claims))
}

/// Says whether the servers that were started for one setting serve the other: gavel reads
/// another configuration while it runs.
pub fn is_as_good(started: &Setting, wanted: &Setting) -> bool {
    let wanted = Setting {
        config: started.config.clone(),
        leeway: started.leeway,
        ..wanted.clone()
    };
    wanted == *started
}

/// Starts Prosody and gavel.
pub async fn begin(version: Version, module: bool, setting: &Setting) -> Env {
    let mut options = match module {
        true => Options::with_module(),
        false => Options::default(),
    };
    for host in &setting.hosts {
        let more = format!("VirtualHost \"{host}\"\n  authentication = \"internal_plain\"\n");
        options.more += &more;
    }
    if setting.breakout {
        options.breakout_modules = vec!["test_breakout"];
    }
    if let Some(admin) = setting.admin {
        let admin = bare(admin);
        options.muc = format!("admins = {{ \"gavel@gavel.meet.jitsi\", \"{admin}\" }}");
    }
    Env::with(version, options, &settings(module, setting)).await
}

/// The focus makes a room that the module serves.
pub async fn focus_unseen(env: &Env, room: &str) -> Arc<Client> {
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(room, "focus", "").await;
    let joined = |line: &str| line.contains("module=true") && line.contains(room);
    env.gavel.until_log(|log| log.lines().any(joined)).await;
    focus
}
