//! What is served, and how: the variables `PM2_SERVE_*`.

use std::path::PathBuf;

/// What is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder, `PM2_SERVE_PATH`; relative to the working directory.
    pub root: PathBuf,
    /// The port, `PM2_SERVE_PORT`.
    pub port: u16,
    /// The address to listen at, `PM2_SERVE_HOST`.
    pub host: String,
    /// One page for all paths that name no file, `PM2_SERVE_SPA`.
    pub spa: bool,
    /// Lists of folders without a page, `PM2_SERVE_FTP`.
    pub listings: bool,
    /// The page of `/`, `PM2_SERVE_HOMEPAGE`, with a slash before it.
    pub homepage: String,
    /// Who may see it: name and password, `PM2_SERVE_BASIC_AUTH_USERNAME` and `..._PASSWORD`,
    /// where `PM2_SERVE_BASIC_AUTH` is `true`.
    pub account: Option<(String, String)>,
}

/// Why the variables do not say what to serve.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A port that is none.
    #[error("PM2_SERVE_PORT is `{0}`, not a number from 0 to 65535")]
    Port(String),
    /// A password is wanted and not told: better nothing is served than everything.
    #[error("PM2_SERVE_BASIC_AUTH needs PM2_SERVE_BASIC_AUTH_USERNAME and ..._PASSWORD")]
    Account,
}

impl Options {
    /// Reads them; `var` gives the value of a variable.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let told = |name: &str| var(&format!("PM2_SERVE_{name}")).filter(|value| !value.is_empty());
        let is_on = |name: &str| told(name).is_some_and(|value| value == "true");
        let port = match told("PORT").or_else(|| var("PORT")) {
            Some(port) => port.parse().map_err(|_| OptionsError::Port(port))?,
            None => 8080,
        };
        let account = match (told("BASIC_AUTH_USERNAME"), told("BASIC_AUTH_PASSWORD")) {
            _ if !is_on("BASIC_AUTH") => None,
            (Some(name), Some(password)) => Some((name, password)),
            _ => return Err(OptionsError::Account),
        };
        let homepage = told("HOMEPAGE").unwrap_or_else(|| "/index.html".to_owned());
        Ok(Self {
            root: told("PATH").unwrap_or_else(|| ".".to_owned()).into(),
            port,
            host: told("HOST").unwrap_or_else(|| "0.0.0.0".to_owned()),
            spa: is_on("SPA"),
            listings: is_on("FTP"),
            homepage: format!("/{}", homepage.trim_start_matches('/')),
            account,
        })
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
    fn a_password_that_is_not_told_serves_nothing() {
        let usual = read(&[]).unwrap();
        assert_eq!((usual.port, &*usual.host, &*usual.homepage), (8080, "0.0.0.0", "/index.html"));
        assert!(read(&[("PM2_SERVE_BASIC_AUTH", "true")]).is_err());
        assert!(read(&[("PM2_SERVE_PORT", "http")]).is_err());
        let told = read(&[("PM2_SERVE_HOMEPAGE", "a.html"), ("PM2_SERVE_SPA", "true")]).unwrap();
        assert_eq!((told.spa, &*told.homepage, told.account), (true, "/a.html", None));
    }
}
