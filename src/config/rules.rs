//! Reads `[[policy.rule]]`, each compiled at once.

use super::keys::RULE;
use super::notes::{Given, Notes};
use super::permissions;
use super::problem::quoted;
use super::section::Section;
use crate::policy::{self, Clause, Entitlement, Flaw, Rules};

/// The rules of `[policy]`, in their order.
pub(super) fn read(policy: &mut Section<'_>) -> Rules {
    let notes = policy.notes;
    let mut names: Vec<String> = Vec::new();
    let mut by_nick: Option<String> = None;
    let sections = policy.sections(RULE).into_iter();
    let clauses = sections.filter_map(|section| {
        let place = section.place_of("permissions");
        let clause = rule(notes, section, &mut names)?;
        if clause.reads_nick() {
            by_nick.get_or_insert_with(|| clause.name().to_owned());
        }
        if let (Some(by_nick), false) = (&by_nick, clause.permissions().is_empty()) {
            // Else a person would choose their own permissions.
            let problem = format!(
                "rule {} looks at occupant.nick, which everybody chooses, so it cannot decide on permissions, nor come before a rule that does",
                quoted(by_nick)
            );
            let remedy = "look at claims or occupant.jid instead, or put that rule last";
            notes.error(place, problem, remedy);
        }
        Some(clause)
    });
    Rules::own(clauses.collect())
}

/// One rule; a fault in it is noted.
fn rule(notes: &Notes, mut section: Section<'_>, names: &mut Vec<String>) -> Option<Clause> {
    let header = section.place();
    let name = section.required("name", "teachers");
    let when = section.required("when", "has(claims.staff)");
    let gives = section.required("affiliation", "owner");
    let gives = gives.and_then(|given| section.spelled(&given));
    let permissions = permissions::of_rule(&mut section);
    section.finish();
    let name = name.filter(|given| is_free(notes, given, names));
    if let Some(given) = &name {
        names.push(given.value.clone());
    }
    let shown = name.as_ref().map_or_else(
        || "a rule without a usable name".to_owned(),
        |given| format!("rule {}", quoted(&given.value)),
    );
    let when = when?;
    let known = name.as_ref().map_or(header.as_str(), |given| &given.value);
    let clause = Clause::new(known, &when.value, gives.unwrap_or(Entitlement::Keep));
    match clause {
        Ok(clause) if name.is_some() && gives.is_some() => {
            Some(clause.with_permissions(&permissions))
        }
        Ok(_) => None,
        Err(flaw) => {
            note(notes, &when.place, &shown, &flaw);
            None
        }
    }
}

/// Says whether a rule can be called so.
fn is_free(notes: &Notes, given: &Given, names: &[String]) -> bool {
    let name = given.value.as_str();
    let (problem, remedy) = if name.trim().is_empty() {
        (
            "is empty".to_owned(),
            "name the rule: logs and `gavel explain` show it",
        )
    } else if names.iter().any(|known| known == name) {
        (
            format!("{} is there twice", quoted(name)),
            "name each rule otherwise",
        )
    } else if policy::is_taken(name) {
        let problem = format!("{} is a name of gavel's own", quoted(name));
        (problem, "name the rule otherwise")
    } else {
        return true;
    };
    notes.error(&given.place, problem, remedy);
    false
}

/// A condition that cannot be used: its line and the place in it.
fn note(notes: &Notes, place: &str, rule: &str, flaw: &Flaw) {
    let problem = format!(
        "{rule}, line {} column {} of the expression: {}",
        flaw.line, flaw.column, flaw.problem
    );
    let remedy = flaw.remedy.as_deref().unwrap_or("correct the expression");
    notes.error(place, problem, format!("{remedy}\n{}", flaw.excerpt()));
}
