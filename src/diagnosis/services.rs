//! The MUC services: the module, gavel's rights, lists of rooms, names.

use super::facts::Facts;
use super::list::{List, count};
use crate::engine::probed::{Module, ServiceAnswers};
use crate::engine::release_of;
use crate::engine::settings::Poll;
use crate::engine::tally::ServiceTally;
use std::time::Duration;

/// A list that takes longer stops Prosody, which is one thread, noticeably.
const SLOW_LIST: Duration = Duration::from_millis(500);
/// This many rooms in which nobody is are no accident, if they are more than
/// half of all.
const MANY_EMPTY: usize = 20;
/// The place of Prosody's part of the settings.
const PERSISTENT: &str = "let rooms end with their last person (muc_room_default_persistent = false, muc_tombstones = false on that component), or load mod_gavel there, with which no list is needed";

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    let Some(answers) = &facts.answers else {
        return;
    };
    for (n, service) in facts.setup.services.iter().enumerate() {
        let Some(answers) = answers.services.get(n) else {
            continue;
        };
        if !exists(facts, n, service, answers, list) {
            continue;
        }
        module(facts, n, service, answers, list);
        // If only the module helps, its absence is the one thing to say.
        let without = matches!(answers.module, Some(Module::Refuses | Module::Absent));
        if without && !facts.only_module_helps() {
            let is_admin = admin(facts, service, answers, list);
            owner(facts, n, service, answers, list);
            rooms(facts, n, service, answers, is_admin, list);
        }
        allowners(facts, n, service, list);
    }
    names(facts, list);
    guard(facts, list);
    permissions(facts, list);
}

/// The guard is the module's work, so without the module there is nothing to say. An admin
/// who has switched it off has done so on purpose.
fn guard(facts: &Facts, list: &mut List) {
    if !facts.setup.guard && facts.is_served_somewhere() {
        list.ok(
            "guard",
            "policy.guard is off: somebody whom others promote without being entitled moderates for a moment, until gavel takes it back, and moderators can throw a host out; take guard = false out of [policy] to have mod_gavel refuse both",
        );
    }
}

/// Permissions are the module's work.
fn permissions(facts: &Facts, list: &mut List) {
    let told = facts.only_module_helps();
    let without = facts.without_module();
    if let Some(place) = without.filter(|_| facts.setup.permissions && !told) {
        list.warn(
            "permissions",
            format!("permissions are configured, and nobody enforces them on {place}, because mod_gavel is not active there"),
            "load mod_gavel there, of the same release as gavel",
        );
    }
    let daemon = facts.daemon.iter();
    for (service, error) in daemon.flat_map(|daemon| &daemon.survey.unpermitted) {
        list.warn(
            "permissions",
            format!("mod_gavel on {service} does not take permissions ({error}): what [policy.permissions], rules and tokens allow or deny has no effect there"),
            "install the module of gavel's release, and restart Prosody",
        );
    }
    let daemon = facts.daemon.iter();
    for unchecked in daemon.flat_map(|daemon| &daemon.survey.unchecked) {
        let (host, module) = (&unchecked.host, &unchecked.module);
        list.warn(
            "permissions",
            format!("nobody checks {} for people of {host}: Jitsi's module {module} does, and it is not loaded there", unchecked.names),
            format!("add \"{module}\" to modules_enabled of VirtualHost \"{host}\" in Prosody's configuration (docker-jitsi-meet: XMPP_MODULES={module}), and restart Prosody"),
        );
    }
}

/// A service that this server does not have. Jitsi's breakout rooms can be
/// switched off, and then their service is simply not there.
fn exists(
    facts: &Facts,
    n: usize,
    service: &str,
    answers: &ServiceAnswers,
    list: &mut List,
) -> bool {
    let problem = match &answers.muc {
        None | Some(Ok(true)) => return true,
        Some(Err(error)) if n > 0 && service.starts_with("breakout.") => {
            list.ok(
                "service",
                format!("{service} is not there ({error}), so there are no breakout rooms (docker-jitsi-meet: ENABLE_BREAKOUT_ROOMS=0); gavel does not need it"),
            );
            return false;
        }
        Some(Ok(false)) => format!("{service} is not a MUC service"),
        Some(Err(error)) => format!("{service} is not a MUC service of this Prosody ({error})"),
    };
    let component = &facts.setup.component;
    list.fail(
        "service",
        problem,
        format!(
            "set service under [[muc]] (docker-jitsi-meet: GAVEL_MUC) to a domain that Prosody's configuration has as Component \"…\" \"muc\"; it is neither the domain of the accounts nor {component}"
        ),
    );
    false
}

fn module(facts: &Facts, n: usize, service: &str, answers: &ServiceAnswers, list: &mut List) {
    let gavel = facts.gavel();
    match answers.module {
        Some(Module::Serves) => active(facts, n, service, answers, list),
        Some(Module::Refuses) => list.fail(
            "module",
            format!("mod_gavel on {service} is configured for another gavel than {gavel}: nobody there gets a role from a token"),
            format!("set gavel_jid = \"{gavel}\" in Component \"{service}\" of Prosody's configuration, and restart Prosody"),
        ),
        Some(Module::Absent) => absent(facts, service, list),
        None => list.warn(
            "module",
            format!("{service} has not said in time whether mod_gavel is active there"),
            "ask again; if it stays so, see Prosody's log and load",
        ),
    }
}

/// Says whether it is of gavel's release.
fn active(facts: &Facts, n: usize, service: &str, answers: &ServiceAnswers, list: &mut List) {
    for module in &answers.goes_round {
        list.warn(
            "wrapper",
            format!("the module {module} of Prosody on {service} refuses others' changes of affiliations; mod_gavel gets past it for gavel, not for people"),
            format!("take \"{module}\" out of modules_enabled of Component \"{service}\" in Prosody's configuration, since gavel decides there"),
        );
    }
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = facts.release(n).map_or(ours, release_of);
    if theirs == ours {
        return list.ok("module", format!("mod_gavel {ours} is active on {service}"));
    }
    list.warn(
        "module",
        format!("mod_gavel on {service} is of release {theirs}, and gavel is {ours}"),
        format!("update the older of the two, so that both are of one release: copy mod_gavel of {ours} into Prosody's plugin_paths and restart Prosody, or update gavel and restart it"),
    );
}

fn absent(facts: &Facts, service: &str, list: &mut List) {
    let causes = format!(
        "find the cause in Prosody's log, where it says what it loads as it starts: \"Unable to load module 'gavel'\" with \"No such file or directory\" means that the folder of mod_gavel is in none of plugin_paths, or that Prosody's user cannot read it (it says the same for both; chmod -R a+rX; in docker-jitsi-meet that user has the id 1000); \"Error initializing module 'gavel'\" means that one of the files in that folder is missing or Prosody's user cannot read it; any other error names the file that is damaged, so copy the folder again; if the log says nothing of gavel, then \"gavel\" is not in modules_enabled of Component \"{service}\" (that of the global section does not count for components; docker-jitsi-meet: XMPP_MUC_MODULES=gavel, XMPP_BREAKOUT_MUC_MODULES=gavel), or Prosody was not restarted after that"
    );
    let seen = match facts.is_jitsi() {
        true => ", and people see gavel as a nameless participant",
        false => "",
    };
    if facts.needs_module() {
        return list.fail(
            "module",
            format!(
                "mod_gavel is not active on {service}: nobody there gets a role from a token{seen}"
            ),
            causes,
        );
    }
    if facts.is_jitsi() {
        return list.fail(
            "module",
            format!("mod_gavel is not active on {service}, and this is Jitsi: gavel is visible to participants as a nameless one, they are counted wrongly, calls of two lose their direct connection, and muc_wait_for_host keeps everybody out"),
            causes,
        );
    }
    list.warn(
        "module",
        format!("mod_gavel is not active on {service}: gavel is visible to participants as one more occupant (Jitsi needs the module; a plain XMPP server can do without it)"),
        causes,
    );
}

/// Says whether gavel is in `admins`, if the module does not make that needless.
fn admin(facts: &Facts, service: &str, answers: &ServiceAnswers, list: &mut List) -> bool {
    let gavel = facts.gavel();
    match &answers.admin {
        None => true,
        Some(Ok(())) => {
            list.ok("admins", format!("{gavel} is in `admins` of {service}"));
            true
        }
        Some(Err(error)) => {
            list.fail(
                "admins",
                format!("{gavel} is not in `admins` of {service} ({error}): it can neither list rooms nor make itself their owner"),
                format!("add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there"),
            );
            false
        }
    }
}

fn owner(facts: &Facts, n: usize, service: &str, answers: &ServiceAnswers, list: &mut List) {
    let gavel = facts.gavel();
    let survey = facts.daemon.as_ref().and_then(|d| d.survey.services.get(n));
    let refused = tally(facts, n).and_then(|tally| tally.own_refused.as_deref());
    match survey {
        Some(survey) if survey.not_owned > 0 && refused.is_some() => list.fail(
            "owner",
            format!(
                "gavel is not owner of {} of {service} and cannot become it ({})",
                count(survey.not_owned, "room", "rooms"),
                refused.unwrap_or_default()
            ),
            format!("add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there"),
        ),
        Some(survey) if survey.rooms > 0 && survey.not_owned == 0 => list.ok(
            "owner",
            format!("gavel is owner of all {} of {service} that it is in", count(survey.rooms, "room", "rooms")),
        ),
        _ => match (&answers.owner, &answers.admin) {
            (Some(Ok(())), _) => list.ok("owner", format!("{gavel} has an owner's rights in rooms of {service}")),
            (Some(Err(error)), Some(Ok(()))) => list.ok(
                "owner",
                format!("{gavel} has no owner's rights in rooms of {service} ({error}) and gives itself them as it comes in, which costs one round trip; component_admins_as_room_owners = true saves it"),
            ),
            _ => {}
        },
    }
}

fn rooms(
    facts: &Facts,
    n: usize,
    service: &str,
    answers: &ServiceAnswers,
    is_admin: bool,
    list: &mut List,
) {
    let tally = tally(facts, n);
    match facts.setup.poll {
        Poll::Off => {
            return list.warn(
                "listing",
                format!("rooms of {service} are not listed (discovery.poll is \"off\") and mod_gavel does not announce them: gavel finds only rooms it is invited to and those in discovery.rooms"),
                "set discovery.poll = \"auto\", or load mod_gavel there",
            );
        }
        Poll::Disco => {
            return list.warn(
                "listing",
                format!("rooms of {service} that are hidden are not found (discovery.poll is \"disco\"; Jitsi hides all)"),
                "set discovery.poll = \"auto\", or load mod_gavel there",
            );
        }
        Poll::Auto | Poll::AdHoc if !is_admin => {
            let error = tally.and_then(|tally| tally.list_refused.as_deref());
            return list.fail(
                "listing",
                format!("gavel cannot list the rooms of {service} ({}), so it does not find those that nobody invites it to", error.unwrap_or("forbidden")),
                format!("add \"{}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there", facts.gavel()),
            );
        }
        Poll::Auto | Poll::AdHoc => {}
    }
    let listed = answers.rooms.or(tally.and_then(|tally| tally.listed));
    let Some((rooms, took)) = listed else {
        return;
    };
    let all = count(rooms, "room", "rooms");
    let ms = took.as_millis();
    if took >= SLOW_LIST {
        return list.warn(
            "listing",
            format!("{service} took {ms} ms to list {all}, and Prosody did nothing else meanwhile; gavel therefore asks for the list less often"),
            PERSISTENT,
        );
    }
    let survey = facts.daemon.as_ref().and_then(|d| d.survey.services.get(n));
    let empty = survey.map_or(0, |survey| survey.empty);
    if empty >= MANY_EMPTY && empty * 2 > rooms {
        return list.warn(
            "listing",
            format!("nobody is in {empty} of the {all} that {service} lists: they are persistent, or tombstones of rooms that have ended"),
            PERSISTENT,
        );
    }
    let gone = tally.map_or(0, |tally| tally.gone);
    if gone >= MANY_EMPTY as u64 {
        return list.warn(
            "listing",
            format!("{gone} times since the start a room of {service} was listed and did not exist (item-not-found): it is a tombstone, or Prosody does not have it in memory"),
            PERSISTENT,
        );
    }
    list.ok(
        "listing",
        format!("{service} lists {all} in {ms} ms, hidden ones too"),
    );
}

/// Jitsi's `muc_allowners` answers `forbidden` to any lowering by muc#admin,
/// an owner's too.
fn allowners(facts: &Facts, n: usize, service: &str, list: &mut List) {
    let times = tally(facts, n).map_or(0, |tally| tally.lowered_by_command_only);
    if times > 0 {
        let s = if times == 1 { "" } else { "s" };
        list.warn(
            "allowners",
            format!("{times} time{s} since the start {service} forbade gavel to demote somebody although gavel is owner, and allowed it to an admin's command: muc_allowners does that, which makes everybody owner"),
            format!("take \"muc_allowners\" out of modules_enabled of Component \"{service}\" in Prosody's configuration"),
        );
    }
}

/// Says whether names can be turned back, if no module keeps them.
fn names(facts: &Facts, list: &mut List) {
    if !facts.wants_impersonation() {
        return;
    }
    let component = &facts.setup.component;
    match facts.impersonation {
        Some(true) => list.ok(
            "impersonation",
            "Prosody lets gavel turn changed names back (validate_from_addresses = false)",
        ),
        Some(false) => list.warn(
            "impersonation",
            "Prosody does not let gavel send in occupants' names (invalid-from): a changed name stays, and gavel only tells the person",
            format!("set validate_from_addresses = false in Component \"{component}\" of Prosody's configuration, or load mod_gavel, or set names.freeze = \"notify\""),
        ),
        None if facts.daemon.is_some() => list.ok(
            "impersonation",
            format!("gavel has not had to turn a name back yet; for that Component \"{component}\" of Prosody's configuration must have validate_from_addresses = false"),
        ),
        None => {}
    }
}

fn tally(facts: &Facts, n: usize) -> Option<&ServiceTally> {
    facts.daemon.as_ref()?.tally.services.get(n)
}
