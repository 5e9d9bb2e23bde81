//! `make verify`: what is claimed of the program's safety, held against the goals; one line of figures each.

mod clients;
mod clock;
mod crash;
mod faults;
mod hub;
mod upload;

/// One goal.
struct Goal {
    what: &'static str,
    measured: f64,
    most: f64,
    unit: &'static str,
}

/// A claim's name, how much of it is looked at where nobody says otherwise, and the look; `false` if it does not hold.
type Claim = (&'static str, u64, fn(u64) -> bool);

/// What is claimed.
const CLAIMS: &[Claim] = &[
    ("crash", 300, crash::run),
    ("clock", 1, clock::run),
    ("faults", 1, faults::run),
    ("clients", 120, clients::run),
    ("hub", 200, hub::run),
    ("upload_hub", 20, upload::hub),
    ("upload_older", 20, upload::older),
    ("upload_store", 20, upload::store),
];

/// Prints a line for each of `claims`, given as `NAME` or `NAME=AMOUNT`; all of them if none is named. `false` if one
/// did not hold.
pub(crate) fn run(claims: &[String]) -> bool {
    room_for_files();
    let asked: Vec<_> = claims.iter().map(|claim| claim.split_once('=').unwrap_or((claim, ""))).collect();
    for (name, _) in &asked {
        let known: Vec<_> = CLAIMS.iter().map(|claim| claim.0).collect();
        assert!(known.contains(name), "nothing is claimed of {name}; there is {}", known.join(", "));
    }
    let mut is_held = true;
    for (name, amount, hold) in CLAIMS {
        let wanted = asked.iter().find(|(asked, _)| asked == name);
        if let Some((_, said)) = wanted.or(asked.is_empty().then_some(&("", ""))) {
            let amount = match said.parse() {
                _ if said.is_empty() => *amount,
                Ok(said) => said,
                Err(_) => panic!("{name}={said} is no amount; leave it out for {amount}"),
            };
            // One that is missed is no reason not to look at the others.
            is_held &= hold(amount);
        }
    }
    is_held
}

fn verdict(name: &str, goals: &[Goal]) -> bool {
    let is_held = goals.iter().all(|goal| goal.measured <= goal.most);
    let figures = goals.iter().map(|goal| {
        let missed = if goal.measured > goal.most { " MISSED" } else { "" };
        format!("{} {:.1} {} (at most {}){missed}", goal.what, goal.measured, goal.unit, goal.most)
    });
    let figures = figures.collect::<Vec<_>>().join(", ");
    eprintln!("{}: {name}: {figures}", if is_held { "held" } else { "MISSED" });
    is_held
}

/// This program holds both ends' files of hundreds of connections.
fn room_for_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}
