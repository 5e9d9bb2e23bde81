//! A small registry of counters, gauges and histograms, rendered as Prometheus text.
//!
//! Series are made once and then touched without a lock. The number of series is bounded by the program's own
//! words: no label ever carries what a client sent.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Only goes up.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }
    /// `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
    /// Takes over a total that is counted elsewhere.
    pub fn set(&self, total: u64) {
        self.0.store(total, Ordering::Relaxed);
    }
    /// So far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Goes up and down.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    /// Its value from now on.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
    /// Its value.
    #[must_use]
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// Upper bounds of the buckets in seconds: from a request answered out of memory to one that timed out.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BUCKETS.len()],
    all: AtomicU64,
    micros: AtomicU64,
}

/// Durations, in buckets.
#[derive(Debug, Clone, Default)]
pub struct Histogram(Arc<Buckets>);

impl Histogram {
    /// One more duration.
    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        if let Some(index) = BUCKETS.iter().position(|&bound| seconds <= bound) {
            self.0.counts[index].fetch_add(1, Ordering::Relaxed);
        }
        self.0.all.fetch_add(1, Ordering::Relaxed);
        self.0.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[derive(Debug, Clone)]
enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

#[derive(Debug)]
struct Family {
    help: &'static str,
    kind: &'static str,
    series: BTreeMap<String, Series>,
}

/// The registry; clone it freely.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    families: Arc<Mutex<BTreeMap<&'static str, Family>>>,
}

impl Metrics {
    /// The counter of that name and labels, made if need be.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        match self.series(name, help, labels, "counter", || Series::Counter(Counter::default())) {
            Series::Counter(counter) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of that name and labels, made if need be.
    #[must_use]
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Gauge {
        match self.series(name, help, labels, "gauge", || Series::Gauge(Gauge::default())) {
            Series::Gauge(gauge) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram of that name and labels, made if need be.
    #[must_use]
    pub fn histogram(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Histogram {
        match self.series(name, help, labels, "histogram", || Series::Histogram(Histogram::default())) {
            Series::Histogram(histogram) => histogram,
            _ => Histogram::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A second kind under one name is a mistake in the program; its series counts but is not shown.
    fn series(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        kind: &'static str,
        make: impl FnOnce() -> Series,
    ) -> Series {
        let mut families = self.lock();
        let family = families.entry(name).or_insert_with(|| Family { help, kind, series: BTreeMap::new() });
        debug_assert_eq!(family.kind, kind, "{name} is registered as two kinds");
        if family.kind != kind {
            return make();
        }
        family.series.entry(label_text(labels)).or_insert_with(make).clone()
    }

    /// Everything in the Prometheus text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, family) in self.lock().iter() {
            push(&mut text, format_args!("# HELP {name} {}\n# TYPE {name} {}\n", family.help, family.kind));
            for (labels, series) in &family.series {
                match series {
                    Series::Counter(counter) => line(&mut text, name, "", labels, "", counter.get()),
                    Series::Gauge(gauge) => line(&mut text, name, "", labels, "", gauge.get()),
                    Series::Histogram(histogram) => render_histogram(&mut text, name, labels, &histogram.0),
                }
            }
        }
        text
    }
}

fn label_text(labels: &[(&str, &str)]) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect::<Vec<_>>().join(",")
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    text.write_fmt(words).unwrap_or_default();
}

fn line(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &str,
    more: &str,
    value: impl std::fmt::Display,
) {
    let comma = if labels.is_empty() || more.is_empty() { "" } else { "," };
    if labels.is_empty() && more.is_empty() {
        push(text, format_args!("{name}{suffix} {value}\n"));
    } else {
        push(text, format_args!("{name}{suffix}{{{labels}{comma}{more}}} {value}\n"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a sum of seconds for people")]
fn render_histogram(text: &mut String, name: &str, labels: &str, buckets: &Buckets) {
    let mut sum = 0;
    for (bound, count) in BUCKETS.iter().zip(&buckets.counts) {
        sum += count.load(Ordering::Relaxed);
        line(text, name, "_bucket", labels, &format!("le=\"{bound}\""), sum);
    }
    // The total is read last and could have run ahead of the buckets, never behind.
    let all = buckets.all.load(Ordering::Relaxed).max(sum);
    line(text, name, "_bucket", labels, "le=\"+Inf\"", all);
    line(text, name, "_sum", labels, "", buckets.micros.load(Ordering::Relaxed) as f64 / 1e6);
    line(text, name, "_count", labels, "", all);
}
