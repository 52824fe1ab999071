//! Requests that this version does not understand: which side is older, and what mends it.

use rpm_proto::frame::FrameError;
use rpm_proto::{Age, Code, Fault, Hello};
use serde::Deserialize;
use std::error::Error;

/// A request of any version.
#[derive(Deserialize)]
struct AnyRequest {
    kind: String,
}

/// The fault of a request that a client of that version made and that cannot be read here.
pub(super) fn misunderstood(client: &Hello, body: &[u8], error: &FrameError) -> Fault {
    let kind = serde_json::from_slice(body).map(|any: AnyRequest| any.kind);
    let ours = Hello::ours();
    let sides =
        format!("the daemon is {}, the `rpm` that asks is {}", ours.version, client.version);
    let (code, what, help) = match client.age() {
        Age::Newer => (
            Code::VersionMismatch,
            "the daemon that runs is older than the `rpm` that asks",
            "`rpm update` lets it become the newer version; apps go on meanwhile".to_owned(),
        ),
        Age::Older => (
            Code::VersionMismatch,
            "the `rpm` that asks is older than the daemon that runs",
            use_ours(),
        ),
        Age::Same => (Code::BadRequest, "the request cannot be read", use_ours()),
    };
    let fault = Fault::new(code, what);
    let fault = match (&kind, client.age()) {
        // For whoever writes clients of their own.
        (_, Age::Same) => fault.because(words(error)),
        (Ok(kind), _) => fault.because(sides).because(format!("it does not know this `{kind}`")),
        (Err(_), _) => fault.because(sides),
    };
    fault.help(help)
}

fn use_ours() -> String {
    match std::env::current_exe() {
        Ok(path) => format!("use the `rpm` that belongs to this daemon, {}", path.display()),
        Err(_) => "use the `rpm` that belongs to this daemon".to_owned(),
    }
}

/// An error and what is behind it.
fn words(error: &FrameError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(version: &str, body: &str) -> Fault {
        let client = Hello { version: version.to_owned(), ..Hello::ours() };
        let error = rpm_proto::frame::parse::<rpm_proto::Request>(body.as_bytes()).unwrap_err();
        misunderstood(&client, body.as_bytes(), &error)
    }

    #[test]
    fn a_newer_client_is_told_to_update_the_daemon() {
        let fault = asked("99.0.0", r#"{"kind":"teleport","to":"mars"}"#);
        assert_eq!(fault.code, Code::VersionMismatch);
        assert!(fault.what.contains("daemon that runs is older"), "{fault:?}");
        assert!(fault.help.as_ref().is_some_and(|help| help.contains("rpm update")), "{fault:?}");
        let told = fault.to_string();
        assert!(told.contains("`teleport`") && !told.contains("variant"), "{told}");
    }

    #[test]
    fn an_older_client_is_told_which_program_to_use() {
        let fault = asked("0.0.1", r#"{"kind":"act"}"#);
        assert_eq!(fault.code, Code::VersionMismatch);
        assert!(fault.what.contains("`rpm` that asks is older"), "{fault:?}");
        assert!(!fault.to_string().contains("missing field"), "{fault:?}");
    }

    #[test]
    fn one_of_our_version_is_told_what_is_wrong() {
        let fault = asked(env!("CARGO_PKG_VERSION"), r#"{"kind":"act"}"#);
        assert_eq!(fault.code, Code::BadRequest);
        assert!(fault.to_string().contains("verb"), "{fault:?}");
    }
}
