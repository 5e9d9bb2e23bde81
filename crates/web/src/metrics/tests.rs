use super::*;

#[test]
fn the_text_is_what_prometheus_reads() {
    let metrics = Metrics::default();
    metrics.counter("nightjar_a_total", "Some.", &[("camera", "g\"1")]).add(3);
    metrics.gauge("nightjar_b", "Other.", &[]).set(1.5);
    let histogram = metrics.histogram("nightjar_c_seconds", "Time.", &[]);
    histogram.observe(Duration::from_millis(3));
    histogram.observe(Duration::from_secs(60));
    let text = metrics.render();
    assert!(text.contains("# HELP nightjar_a_total Some.\n# TYPE nightjar_a_total counter\n"), "{text}");
    assert!(text.contains("nightjar_a_total{camera=\"g\\\"1\"} 3\n"), "{text}");
    assert!(text.contains("\nnightjar_b 1.5\n"), "{text}");
    assert!(text.contains("nightjar_c_seconds_bucket{le=\"0.001\"} 0\n"), "{text}");
    assert!(text.contains("nightjar_c_seconds_bucket{le=\"0.005\"} 1\n"), "{text}");
    assert!(text.contains("nightjar_c_seconds_bucket{le=\"+Inf\"} 2\n"), "{text}");
    assert!(text.contains("nightjar_c_seconds_sum 60.003\nnightjar_c_seconds_count 2\n"), "{text}");
}

#[test]
fn the_same_name_and_labels_are_the_same_series() {
    let metrics = Metrics::default();
    metrics.counter("nightjar_a_total", "Some.", &[("x", "1")]).inc();
    metrics.counter("nightjar_a_total", "Some.", &[("x", "1")]).inc();
    assert_eq!(metrics.counter("nightjar_a_total", "Some.", &[("x", "1")]).get(), 2);
    assert_eq!(metrics.counter("nightjar_a_total", "Some.", &[("x", "2")]).get(), 0);
}
