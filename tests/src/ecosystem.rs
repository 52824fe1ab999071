//! The example files, with ports and data of a test's own.

use crate::ports::free_port;
use crate::rpm::Rpm;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The six services: name, instances, port in the files.
pub const SERVICES: [(&str, usize, u16); 6] = [
    ("api-gateway", 4, 30000),
    ("user-service", 2, 30001),
    ("device-service", 2, 30002),
    ("app-service", 1, 30003),
    ("billing-service", 1, 30005),
    ("notification-service", 1, 30006),
];

/// Writes `examples/ecosystem.<kind>.json` into the test's folder with other ports and absolute
/// paths; gives it and each service's port.
///
/// Only these differ; what else the file says, comments too, is what a user runs.
pub fn ecosystem(rpm: &Rpm, kind: &str) -> (PathBuf, BTreeMap<&'static str, u16>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let name = format!("ecosystem.{kind}.json");
    let mut text = fs::read_to_string(root.join("examples").join(&name)).unwrap();
    let ports: BTreeMap<_, _> = SERVICES.iter().map(|(name, _, _)| (*name, free_port())).collect();
    let extra = format!(
        "\"DATA_DIR\": \"{}\", \"USER_SERVICE\": \"http://127.0.0.1:{}\", \"DEVICE_SERVICE\": \
         \"http://127.0.0.1:{}\"",
        rpm.dir().join("data").display(),
        ports["user-service"],
        ports["device-service"],
    );
    for (name, _, port) in SERVICES {
        let wanted = format!("\"PORT\": {port} ");
        assert!(text.contains(&wanted), "{wanted} is not in the file");
        text = text.replace(&wanted, &format!("\"PORT\": {}, {extra} ", ports[name]));
    }
    let examples = format!("\"{}\"", root.join("examples").display());
    let logs = format!("\"{}/logs/", rpm.dir().display());
    text = text.replace("\"cwd\": \"examples\"", &format!("\"cwd\": {examples}"));
    (rpm.write(&name, &text.replace("\"logs/", &logs)), ports)
}
