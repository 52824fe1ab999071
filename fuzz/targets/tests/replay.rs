//! What the fuzzer has found, once more: no byte of it is a panic.

use rpm_fuzz_targets::TARGETS;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

#[test]
fn the_corpus_is_no_panic() {
    for (name, target) in TARGETS {
        let files = std::fs::read_dir(corpus().join(name)).expect("each target has a corpus");
        let mut count = 0;
        for file in files {
            let path = file.expect("the corpus can be read").path();
            let bytes = std::fs::read(&path).expect("a file can be read");
            // Shown when it panics.
            println!("{}", path.display());
            target(&bytes);
            count += 1;
        }
        assert!(count > 3, "{name} has {count} files");
    }
}

#[test]
fn each_corpus_has_a_target() {
    for folder in std::fs::read_dir(corpus()).expect("there is a corpus") {
        let name = folder.expect("the corpus can be read").file_name();
        let known = TARGETS.iter().any(|(target, _)| Some(*target) == name.to_str());
        assert!(known, "{} is nobody's", name.display());
    }
}
