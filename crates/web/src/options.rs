//! What the server is told: the variables `RPM_WEB_*`, which `rpm web` sets.

use crate::metrics::otlp::{Endpoint, EndpointError};
use camino::Utf8PathBuf;
use std::net::IpAddr;

/// How the server is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder of the daemon, `RPM_HOME`.
    pub home: Utf8PathBuf,
    /// The address to listen at, `RPM_WEB_HOST`.
    pub host: IpAddr,
    /// The port, `RPM_WEB_PORT`; 0 takes a free one.
    pub port: u16,
    /// Names by which the server may be called besides those of this machine,
    /// `RPM_WEB_ALLOW_HOSTS`, with commas between.
    pub allow_hosts: Vec<String>,
    /// Whether reading needs the token too, `RPM_WEB_PRIVATE`.
    pub private: bool,
    /// Where metrics are sent to in OTLP, `RPM_WEB_OTLP`: an `http://` address.
    pub otlp: Option<String>,
}

/// Why the variables do not say what to do.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The daemon's folder is not known.
    #[error("RPM_HOME is not set")]
    Home,
    /// A port that is none.
    #[error("RPM_WEB_PORT is `{0}`, not a number from 0 to 65535")]
    Port(String),
    /// An address that is none.
    #[error("RPM_WEB_HOST is `{0}`, not an address such as 127.0.0.1, ::1 or 0.0.0.0")]
    Host(String),
}

impl Options {
    /// Reads them; `var` gives the value of a variable.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let told = |name: &str| var(&format!("RPM_WEB_{name}")).filter(|value| !value.is_empty());
        let home = var("RPM_HOME").filter(|home| !home.is_empty()).ok_or(OptionsError::Home)?;
        let port = match told("PORT") {
            Some(port) => port.parse().map_err(|_| OptionsError::Port(port))?,
            None => crate::PORT,
        };
        let host = told("HOST").unwrap_or_else(|| "127.0.0.1".to_owned());
        let host = Self::address(&host).ok_or(OptionsError::Host(host))?;
        let names = told("ALLOW_HOSTS").unwrap_or_default();
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Self {
            home: Utf8PathBuf::from(home),
            host,
            port,
            allow_hosts: names.map(str::to_ascii_lowercase).collect(),
            private: told("PRIVATE").is_some_and(|value| value == "true"),
            otlp: told("OTLP"),
        })
    }

    /// Whether metrics could be pushed to this address.
    pub fn check_otlp(url: &str) -> Result<(), EndpointError> {
        Endpoint::read(url).map(drop)
    }

    /// An address as it is written: `localhost` and brackets are understood.
    pub fn address(text: &str) -> Option<IpAddr> {
        if text.eq_ignore_ascii_case("localhost") {
            return Some(IpAddr::from([127, 0, 0, 1]));
        }
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Options, OptionsError> {
        Options::read(|name| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn only_this_machine_is_served_unless_told_otherwise() {
        let usual = read(&[("RPM_HOME", "/h")]).unwrap();
        assert!(usual.host.is_loopback() && !usual.private);
        assert_eq!(usual.port, 9615);
        let told = read(&[
            ("RPM_HOME", "/h"),
            ("RPM_WEB_HOST", "[::]"),
            ("RPM_WEB_ALLOW_HOSTS", "Box.example, ,b"),
            ("RPM_WEB_PRIVATE", "true"),
        ]);
        let told = told.unwrap();
        assert_eq!(told.host, IpAddr::from([0_u16; 8]));
        assert_eq!(told.allow_hosts, ["box.example", "b"]);
        assert!(told.private);
        assert!(read(&[]).is_err());
        assert!(read(&[("RPM_HOME", "/h"), ("RPM_WEB_PORT", "http")]).is_err());
        assert!(read(&[("RPM_HOME", "/h"), ("RPM_WEB_HOST", "example.org")]).is_err());
    }
}
