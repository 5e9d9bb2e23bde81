use super::*;

#[test]
fn no_power_cut_breaks_anything_that_was_acknowledged_nor_does_a_second_one_while_recovering() {
    let report = power_cuts(1, 4_000, Sabotage::None).unwrap();
    assert_eq!(report.broken, 0, "{:#?}", report.examples);
    assert!(report.states >= 1_000 && report.second >= 1_000, "{report:?}");
}

#[test]
fn a_power_cut_finds_every_bug_that_was_put_in() {
    for bug in Sabotage::BUGS {
        let report = power_cuts(1, 4_000, bug).unwrap();
        assert!(report.broken > 0, "{bug:?} was not found in {} states", report.states + report.second);
    }
}

#[test]
fn no_power_cut_within_a_write_of_the_index_breaks_it_or_takes_back_what_was_acknowledged() {
    let report = index_cuts(1, 500, IndexBug::None).unwrap();
    assert_eq!(report.broken, 0, "{:#?}", report.examples);
    assert!(report.states >= 250 && report.second >= 20, "{report:?}");
}

#[test]
fn a_power_cut_within_a_write_of_the_index_finds_every_bug_that_was_put_in() {
    for bug in IndexBug::BUGS {
        let report = index_cuts(1, 3_000, bug).unwrap();
        assert!(report.broken > 0, "{bug:?} was not found in {} states", report.states + report.second);
    }
}

#[test]
fn a_file_of_the_index_that_fails_at_any_operation_is_told_of_and_survived() {
    let report = index_faults(41).unwrap();
    assert_eq!(report.broken, 0, "{:#?}", report.examples);
    assert!(report.operations > 100, "{report:?}");
}

#[test]
fn a_disk_that_fails_at_any_operation_is_told_of_and_survived() {
    let report = io_faults(3).unwrap();
    assert_eq!(report.broken, 0, "{:#?}", report.examples);
    assert!(report.operations > 100, "{report:?}");
}

#[test]
fn one_who_receives_from_a_disk_that_fails_at_any_operation_keeps_its_word() {
    let report = intake_faults(3, IntakeBug::None).unwrap();
    assert_eq!(report.broken, 0, "{:#?}", report.examples);
    assert!(report.operations > 100, "{report:?}");
}

#[test]
fn a_disk_that_fails_finds_every_bug_of_receiving_that_was_put_in() {
    for bug in IntakeBug::BUGS {
        let report = intake_faults(1, bug).unwrap();
        assert!(report.broken > 0, "{bug:?} was not found in {} runs", report.runs);
    }
}
