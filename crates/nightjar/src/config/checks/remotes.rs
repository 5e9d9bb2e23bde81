//! Remotes: what each kind needs, and what nobody should send without meaning to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::keys::{Section, Slot};
use super::super::problems::{Origin, Problem};
use super::super::values::{Set, Values};

pub(super) fn check(values: &Values, bad: &dyn Fn(Slot) -> bool, problems: &mut Vec<Problem>) {
    names(values, problems);
    for (remote, table) in values.remotes.iter().enumerate() {
        let check = Check { values, bad, remote, table };
        let kind = Slot::of(Section::Remote, "kind", Some(remote), None);
        if kind.is_some_and(bad) {
            continue;
        }
        let Some(kind) = values.remote_text(remote, "kind") else { continue };
        check.foreign_keys(&kind, problems);
        check.required(&kind, problems);
        check.addresses(problems);
        check.names_of_a_store(problems);
    }
}

fn names(values: &Values, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (remote, table) in values.remotes.iter().enumerate() {
        let name = values.remote_name(remote);
        if let Some(first) = seen.get(&name) {
            let origin = values.of_remote(remote, "name").map_or(table.clone(), |set| set.origin);
            let what = format!("found `{name}`, which is the name of remote[{first}] already");
            let key = format!("remote[{remote}].name");
            problems.push(Problem::new(origin, key, what, "each remote needs its own"));
        } else {
            seen.insert(name, remote);
        }
    }
}

struct Check<'a> {
    values: &'a Values,
    bad: &'a dyn Fn(Slot) -> bool,
    remote: usize,
    table: &'a Origin,
}

impl Check<'_> {
    fn set(&self, name: &str) -> Option<Set> {
        self.values.of_remote(self.remote, name)
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        Slot::of(Section::Remote, name, Some(self.remote), None)
    }

    fn push(&self, problems: &mut Vec<Problem>, origin: Origin, name: &str, what: String, mend: &str) {
        problems.push(Problem::new(origin, format!("remote[{}].{name}", self.remote), what, mend));
    }

    /// Keys of another kind would do nothing, so they are refused instead of ignored.
    fn foreign_keys(&self, kind: &str, problems: &mut Vec<Problem>) {
        for (slot, set) in self.values.all().filter(|(slot, _)| slot.remote == Some(self.remote)) {
            let Some(wanted) = slot.row().sources().filter(|_| !slot.row().serves(kind)) else { continue };
            let what = format!("belongs to {wanted}; this remote's kind is \"{kind}\"");
            let mend = format!("set {wanted} or take this key away");
            problems.push(Problem::new(set.origin.clone(), slot.to_string(), what, mend));
        }
    }

    fn required(&self, kind: &str, problems: &mut Vec<Problem>) {
        let needed: &[&str] = if kind == "s3" { &["url", "bucket", "access_key"] } else { &["url"] };
        for name in needed {
            let Some(slot) = self.slot(name).filter(|slot| !(self.bad)(*slot)) else { continue };
            if self.values.explicit(slot).is_none() {
                let what = format!("is missing; kind = \"{kind}\" needs it");
                let mend = format!("allowed: {}", slot.row().kind.allowed());
                self.push(problems, self.table.clone(), name, what, &mend);
            }
        }
        let (plain, file) =
            if kind == "s3" { ("secret_key", "secret_key_file") } else { ("api_key", "api_key_file") };
        if [plain, file].iter().any(|name| self.slot(name).is_some_and(self.bad)) {
            return;
        }
        match (self.set(plain), self.set(file)) {
            (Some(_), Some(second)) => {
                let what = format!("stands beside {plain}");
                self.push(problems, second.origin, file, what, "keep one of the two");
            }
            (None, None) => {
                let what = format!("is missing; kind = \"{kind}\" needs it, or {plain}");
                let mend = "name a file whose first line is the key";
                self.push(problems, self.table.clone(), file, what, mend);
            }
            _ => {}
        }
    }

    /// What is sent is spoken over HTTP, and in the open only where nobody else listens.
    fn addresses(&self, problems: &mut Vec<Problem>) {
        let text = |name| self.values.remote_text(self.remote, name);
        for name in ["url", "live_url"] {
            let (Some(url), Some(set)) = (text(name), self.set(name)) else { continue };
            let Some((scheme, rest)) = url.split_once("://") else { continue };
            if scheme != "http" && scheme != "https" {
                let what = format!("begins with {scheme}://; a remote is spoken to over http:// or https://");
                self.push(problems, set.origin, name, what, "correct the url");
            } else if name == "url" && rest.contains(['?', '#']) {
                let what = "holds a query or a fragment".to_owned();
                self.push(problems, set.origin, name, what, "end it behind the host, its port or a path");
            } else if name == "url" && scheme == "http" && !is_near(rest) && !self.allows_http() {
                let what =
                    "would send the key and the clips in the open, past this machine and its own network";
                let mend = "write https://, or set allow_http = true if that is meant";
                self.push(problems, set.origin, name, what.to_owned(), mend);
            }
        }
    }

    fn allows_http(&self) -> bool {
        self.set("allow_http").is_some_and(|set| set.value == super::Value::Bool(true))
    }

    fn names_of_a_store(&self, problems: &mut Vec<Problem>) {
        let text = |name| self.values.remote_text(self.remote, name);
        if let (Some(bucket), Some(set)) = (text("bucket"), self.set("bucket")) {
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
            if bucket.len() < 3 || bucket.starts_with(['-', '.']) || !bucket.bytes().all(letter) {
                let what = "is no name of a bucket".to_owned();
                self.push(
                    problems,
                    set.origin,
                    "bucket",
                    what,
                    "allowed: 3 to 63 characters of a-z, 0-9, - and .",
                );
            }
        }
        if let (Some(prefix), Some(set)) = (text("prefix"), self.set("prefix"))
            && prefix
                .trim_end_matches('/')
                .split('/')
                .any(|part| part.is_empty() || part == "." || part == "..")
        {
            let what = "has an empty part, . or .. in it".to_owned();
            self.push(
                problems,
                set.origin,
                "prefix",
                what,
                "allowed: words with / between them, like \"farm/garden\"",
            );
        }
    }
}

/// Whether the host behind `http://` is this machine or one of its own network: a private address, or a name that no
/// public name server answers.
fn is_near(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((inner, _)) => inner,
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let own = [".local", ".localhost", ".lan", ".internal", ".home.arpa"];
            !host.contains('.') || own.iter().any(|ending| host.ends_with(ending))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_this_machine_and_what_only_its_own_network_can_name() {
        for near in [
            "127.0.0.1:8080",
            "[::1]:8080/x",
            "192.168.1.9",
            "10.0.0.1",
            "hub:8080",
            "hub.local",
            "[fd00::1]",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["hub.example:8080", "8.8.8.8", "[2001:db8::1]:8080", "local.example/hub", "172.32.0.1"] {
            assert!(!is_near(far), "{far}");
        }
    }
}
