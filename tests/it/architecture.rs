//! The rules of the house, held by tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use tests::repository;

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(repository().join("Cargo.toml")).no_deps().exec().unwrap()
}

fn crates(metadata: &Metadata) -> Vec<&Package> {
    let crates = repository().join("crates");
    metadata.packages.iter().filter(|p| p.manifest_path.as_std_path().starts_with(&crates)).collect()
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|no| panic!("{}: {no}", path.display()))
}

/// Every file below `folder` with this ending, but for what is built or fetched.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "corpus", "artifacts", ".git"].contains(&name.as_str()) {
            found.append(&mut files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

/// The table "who may use what" of crates/README.md: crate → (crates of the house it may use, what it must never use).
fn table() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let map = text(repository().join("crates/README.md"));
    let rows = map
        .lines()
        .skip_while(|l| !l.starts_with("| crate | may use"))
        .skip(2)
        .take_while(|l| l.starts_with('|'));
    let set = |cell: &str| {
        cell.split(',').map(|w| w.trim().to_owned()).filter(|w| w != "–" && !w.is_empty()).collect()
    };
    let table: BTreeMap<_, _> = rows
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), (set(cells[1]), set(cells[2])))
        })
        .collect();
    assert!(!table.is_empty(), "crates/README.md has the table of who may use what");
    table
}

fn direct(package: &Package) -> BTreeSet<String> {
    // What only tests and benches use builds no wall into the program.
    package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development)
        .map(|d| d.name.clone())
        .collect()
}

#[test]
fn every_crate_uses_only_what_the_code_map_allows() {
    let (metadata, table) = (metadata(), table());
    let house: BTreeSet<String> = crates(&metadata).iter().map(|p| p.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in crates(&metadata) {
        let name = package.name.to_string();
        let Some((may, never)) = table.get(&name) else {
            wrong.push(format!("{name} has no row in crates/README.md"));
            continue;
        };
        for used in direct(package) {
            if house.contains(&used) && !may.contains(&used) && !may.contains("all") {
                wrong.push(format!("{name} uses {used}, which the table does not allow"));
            }
            if never.contains(&used) {
                wrong.push(format!("{name} uses {used}, which the table forbids"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_one_crate_knows_each_c_library() {
    let metadata = metadata();
    for (library, owner) in [("turbojpeg", "codec"), ("opencv", "motion")] {
        let users: Vec<_> = crates(&metadata)
            .into_iter()
            .filter(|p| direct(p).contains(library))
            .map(|p| p.name.to_string())
            .collect();
        assert_eq!(users, [owner], "{library}");
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let metadata = metadata();
    assert!(metadata.packages.len() > 5, "the workspace was read");
    for package in &metadata.packages {
        let manifest = text(package.manifest_path.as_std_path());
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", package.name);
    }
}

#[test]
fn every_version_is_declared_once_in_the_workspace() {
    for package in &metadata().packages {
        let manifest = text(package.manifest_path.as_std_path());
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section.ends_with("dependencies]") && line.contains('=') {
                assert!(line.contains("workspace = true"), "{}: {line}", package.name);
            }
        }
    }
}

#[test]
fn every_crate_opens_with_what_it_reads_writes_and_never_does() {
    for package in crates(&metadata()) {
        let src = package.manifest_path.as_std_path().parent().unwrap().join("src");
        let root = if src.join("lib.rs").is_file() { src.join("lib.rs") } else { src.join("main.rs") };
        let text = text(&root);
        let opening: Vec<_> = text.lines().take_while(|l| l.starts_with("//!")).collect();
        for word in ["**reads**", "**writes**", "**never**"] {
            assert!(
                opening.iter().any(|l| l.to_lowercase().contains(word)),
                "{}: its opening lacks {word}",
                root.display()
            );
        }
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let root = repository();
    let mut long = Vec::new();
    for folder in ["crates", "tests", "static"] {
        for ending in ["rs", "js", "css", "html"] {
            for file in files(&root.join(folder), ending) {
                let lines = text(&file).lines().count();
                if lines > 500 {
                    long.push(format!("{}: {lines}", file.display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_test_is_skipped_or_sleeps() {
    // Put together here, so that this file does not find itself.
    let banned = [["#[ign", "ore"].concat(), ["thread::", "sleep"].concat(), ["todo", "!("].concat()];
    for folder in ["crates", "tests"] {
        for file in files(&repository().join(folder), "rs") {
            let text = text(&file);
            for word in &banned {
                assert!(!text.contains(word.as_str()), "{} has {word}", file.display());
            }
        }
    }
}

#[test]
fn every_path_that_the_docs_name_exists() {
    let root = repository();
    let mut docs = files(&root.join("docs"), "md");
    docs.extend(["README.md", "CHANGELOG.md", "crates/README.md"].map(|name| root.join(name)));
    let mut lost = Vec::new();
    for doc in docs {
        for path in named_paths(&text(&doc)) {
            let beside = doc.parent().unwrap().join(&path);
            if !beside.exists() && !root.join(&path).exists() {
                lost.push(format!("{} names {path}", doc.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Targets of links, and what stands in `backticks` and looks like a path of this repository.
fn named_paths(text: &str) -> Vec<String> {
    const TOPS: [&str; 9] =
        ["crates/", "config/", "docker/", "docs/", "tests/", "static/", "migrations/", ".ci/", ".cargo/"];
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links =
        links.filter(|l| !l.contains("://") && !l.starts_with('#')).map(|l| l.split('#').next().unwrap_or(l));
    let quoted = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|q| TOPS.iter().any(|top| q.starts_with(top)) && !q.contains([' ', '*', '<']));
    links.chain(quoted).map(str::to_owned).collect()
}
