//! `nightjar events …`: what is kept, from a shell.

use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use store::event::{Clip, ClipCodec, Event, EventId, Origin, State};
use store::query::{LABELS, MOST_A_PAGE, Query};
use store::{Look, Store};

use crate::Usage;
use crate::cli::{EventsCommand, EventsListArgs};
use crate::config::Config;
use crate::footage::Vault;
use crate::say;

#[cfg(test)]
mod tests;

/// Runs `nightjar events …` on the data directory of that configuration.
///
/// # Errors
/// [`Usage`] for what cannot be meant; else when the events cannot be opened or changed.
pub(crate) fn run(command: &EventsCommand, config: &Config) -> anyhow::Result<ExitCode> {
    // What cannot be meant is told before anything is opened.
    let query = if let EventsCommand::List(args) = command { Some(query(args)?) } else { None };
    let asked = match command {
        EventsCommand::Show { id, .. } => vec![parsed(id)?],
        EventsCommand::Delete { ids, .. } => ids.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    match command {
        // A server may be at work there: whoever only looks takes nothing from it.
        EventsCommand::List(args) => {
            list(look(config)?.as_ref(), query.unwrap_or_default(), args)?;
            return Ok(ExitCode::SUCCESS);
        }
        EventsCommand::Show { json, .. } => {
            let found = asked.first().zip(look(config)?).map(|(id, look)| look.get(*id)).transpose()?;
            return show(found.flatten(), &asked, *json);
        }
        _ => {}
    }
    let vault = Vault::of(config)?;
    let store = vault.store();
    match command {
        EventsCommand::List(_) | EventsCommand::Show { .. } => {}
        EventsCommand::Delete { json, .. } => delete(store, &asked, *json)?,
        EventsCommand::Reindex { json } => reindex(store, *json)?,
        EventsCommand::Check { json } => return check(store, *json),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is kept; `None` if nothing ever was.
fn look(config: &Config) -> anyhow::Result<Option<Look>> {
    let data = config.data.display();
    anyhow::ensure!(
        config.data.is_dir(),
        "there is no data directory {data}; name it with --data DIR or NIGHTJAR_DATA__PATH"
    );
    // Half of a recording is no event; whoever is at work on it, or a server, has the directory.
    if Vault::is_unfinished(config)
        && let Err(error) = Vault::of(config)
    {
        tracing::debug!(%error, "what is unfinished stays as it is");
    }
    Look::at(&config.data).with_context(|| format!("failed to open the events in {data}"))
}

fn parsed(id: &str) -> Result<EventId, Usage> {
    id.parse().map_err(|error| Usage(format!("{id:?} is no event: {error}")))
}

fn query(args: &EventsListArgs) -> Result<Query, Usage> {
    if let Some(label) = args.label.as_deref().filter(|label| !LABELS.contains(label)) {
        return Err(Usage(format!("--label {label} is not known; allowed: {}", LABELS.join(", "))));
    }
    let time = |flag: &str, text: &Option<String>, is_end: bool| {
        let Some(text) = text else { return Ok(None) };
        time(text, is_end).map(Some).ok_or_else(|| {
            let allowed = "2026-11-20, 2026-11-20T06:00 in local time, or 2026-11-20T06:00:00+01:00";
            Usage(format!("{flag} {text} is no time; allowed: {allowed}"))
        })
    };
    Ok(Query {
        camera: args.camera.clone(),
        label: args.label.clone(),
        from: time("--from", &args.from, false)?,
        to: time("--to", &args.to, true)?,
        ..Query::default()
    })
}

/// A moment; of a date its first one, or, as an end, that of the next day.
fn time(text: &str, is_end: bool) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let civil = match Date::from_str(text) {
        Ok(date) if text.len() <= 10 => (if is_end { date.tomorrow().ok()? } else { date }).at(0, 0, 0, 0),
        _ => DateTime::from_str(&text.replacen(' ', "T", 1)).ok()?,
    };
    Some(TimeZone::system().to_ambiguous_zoned(civil).compatible().ok()?.timestamp())
}

fn list(look: Option<&Look>, mut query: Query, args: &EventsListArgs) -> anyhow::Result<()> {
    let mut left = args.limit;
    let mut shown = Vec::new();
    let mut count = 0;
    while let Some(look) = look.filter(|_| left > 0) {
        query.limit = u32::try_from(left).unwrap_or(MOST_A_PAGE).min(MOST_A_PAGE);
        let page = look.list(&query)?;
        for event in &page.events {
            count += 1;
            if args.json {
                shown.push(brief(event));
            } else {
                say::line(&row(event))?;
            }
        }
        left = left.saturating_sub(u64::try_from(page.events.len()).unwrap_or(left));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    if args.json {
        say::line(&format!("{:#}", json!({ "events": shown, "more": query.cursor.is_some() })))?;
    } else if count == 0 {
        say::note("there is no such event");
    } else if query.cursor.is_some() {
        say::note(&format!("there are more; --limit {} shows them", args.limit.saturating_mul(2)));
    }
    Ok(())
}

fn row(event: &Event) -> String {
    let flags = [(event.favourite, '*'), (event.state == State::Partial, '!'), (event.clip.is_none(), 'p')];
    let flags: String = flags.iter().map(|(is, flag)| if *is { *flag } else { ' ' }).collect();
    format!(
        "{}  {}  {:<12} {:<12} {:>3.0} % {:>7.1} s {flags} {}",
        event.id,
        local(event, event.started),
        say::plain(&event.camera),
        event.verdict.label,
        event.verdict.confidence * 100.0,
        event.duration.as_secs_f64(),
        say::plain(&event.note.replace('\n', " ")),
    )
    .trim_end()
    .to_owned()
}

/// `2026-11-20 06:00:00`, by the clocks that hung there.
fn local(event: &Event, at: Timestamp) -> String {
    let offset = Offset::from_seconds(event.utc_offset).unwrap_or(Offset::UTC);
    offset.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn rfc3339(event: &Event, at: Timestamp) -> String {
    let offset = Offset::from_seconds(event.utc_offset).unwrap_or(Offset::UTC);
    at.display_with_offset(offset).to_string()
}

fn brief(event: &Event) -> Value {
    json!({
        "id": event.id.to_string(),
        "camera": event.camera,
        "origin": origin(event.origin),
        "state": state(event.state),
        "start": rfc3339(event, event.started),
        "end": rfc3339(event, event.ended()),
        "duration": event.duration.as_secs_f64(),
        "label": event.verdict.label,
        "confidence": event.verdict.confidence,
        "by_person": event.verdict.by_person,
        "direction": event.verdict.direction,
        "sentence": event.sentence,
        "frames": event.frames,
        "clip_bytes": event.clip.as_ref().map(|clip| clip.bytes),
        "favourite": event.favourite,
        "seen": event.seen,
        "note": event.note,
    })
}

fn whole(event: &Event) -> Value {
    let mut shown = brief(event);
    let clip = |clip: &Clip| {
        json!({
            "bytes": clip.bytes,
            "sha256": hex(&clip.sha256),
            "codec": codec(clip.codec),
            "degraded": clip.degraded,
        })
    };
    let more = json!({
        "lead": event.lead.as_secs_f64(),
        "clock_was_set": event.clock_was_set,
        "part": event.part,
        "part_of": event.part_of.map(|id| id.to_string()),
        "alternatives": event.verdict.alternatives.iter().map(|(label, confidence)| json!({
            "label": label, "confidence": confidence,
        })).collect::<Vec<_>>(),
        "resolution": { "width": event.size.width, "height": event.size.height },
        "missing": event.missing,
        "regions": event.regions.iter().map(|it| [it.x, it.y, it.w, it.h]).collect::<Vec<_>>(),
        "clip": event.clip.as_ref().map(clip),
        "pictures": {
            "poster": event.pictures.poster,
            "thumb": event.pictures.thumb,
            "trail": event.pictures.trail,
            "thumbnails": event.pictures.thumbnails,
            "bytes": event.pictures.bytes,
        },
        "signature_hash": event.analysis.as_ref().map(|analysis| &analysis.signature_hash),
        "novelty": event.novelty,
        "source_id": event.source_id,
        "source_sha256": event.source_sha256.map(|digest| hex(&digest)),
    });
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.remove("clip_bytes");
        shown.extend(more);
    }
    shown
}

fn show(event: Option<Event>, asked: &[EventId], json: bool) -> anyhow::Result<ExitCode> {
    let Some(event) = event else {
        let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
        say::fault(&format!("there is no event {}", asked.join(", ")));
        return Ok(ExitCode::FAILURE);
    };
    let shown = whole(&event);
    if json {
        say::line(&format!("{shown:#}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    for (name, value) in shown.as_object().into_iter().flatten() {
        let text = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        say::line(&format!("{name:<15} {}", say::plain(&text)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn delete(store: &Store, ids: &[EventId], json: bool) -> anyhow::Result<()> {
    let deleted = store.delete(ids)?;
    let named: Vec<String> = deleted.ids.iter().map(ToString::to_string).collect();
    if json {
        return Ok(say::line(&json!({ "deleted": named, "is_settled": deleted.is_settled }).to_string())?);
    }
    say::line(&format!("deleted {}", named.join(", ")))?;
    if !deleted.is_settled {
        say::note("their files could not be taken away yet; that is tried again at the next start");
    }
    Ok(())
}

fn reindex(store: &Store, json: bool) -> anyhow::Result<()> {
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} events, {per_sec}, {eta} left")?);
    let reindexed = store.reindex(&mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let reindexed = reindexed?;
    let named = |ids: &[EventId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (repaired, quarantined) = (named(&reindexed.repaired), named(&reindexed.quarantined));
    if json {
        let told = json!({ "events": reindexed.events, "repaired": repaired, "quarantined": quarantined });
        return Ok(say::line(&told.to_string())?);
    }
    say::line(&format!("{} events are in the new index", reindexed.events))?;
    for id in repaired {
        say::line(&format!("{id}: its clip was damaged; what is whole of it is kept"))?;
    }
    for id in quarantined {
        say::line(&format!("{id}: cannot be understood; it lies in quarantine/ now"))?;
    }
    Ok(())
}

fn check(store: &Store, json: bool) -> anyhow::Result<ExitCode> {
    let wrong = store.check();
    if json {
        say::line(&format!("{:#}", json!({ "ok": wrong.is_empty(), "wrong": wrong })))?;
    } else if wrong.is_empty() {
        say::line("all is as it should be")?;
    } else {
        for what in &wrong {
            say::line(&say::plain(what))?;
        }
        say::note("what the index says wrong of its files, `nightjar events reindex` mends");
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Motion => "motion",
        Origin::Manual => "manual",
        Origin::Import => "import",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Whole => "whole",
        State::Partial => "partial",
        State::Pictures => "pictures",
    }
}

fn codec(codec: ClipCodec) -> &'static str {
    match codec {
        ClipCodec::H264 => "h264",
        ClipCodec::Mjpeg => "mjpeg",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
