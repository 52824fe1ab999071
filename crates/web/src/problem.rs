//! An error as the API tells it: the daemon's fault with a status of HTTP.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rpm_proto::{Code, Fault, redact};
use serde::Serialize;
use utoipa::ToSchema;

/// Why there is no answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What went wrong.
    error: Told,
    #[serde(skip)]
    status: StatusCode,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// What kind of error; stable, for programs.
    code: String,
    /// What happened, to what.
    what: String,
    /// Why, outermost first.
    why: Vec<String>,
    /// How to mend it.
    help: Option<String>,
}

impl Problem {
    /// A problem with the request itself.
    pub(crate) fn new(status: StatusCode, code: &str, what: impl Into<String>) -> Self {
        let told = Told { code: code.to_owned(), what: what.into(), why: Vec::new(), help: None };
        Self { error: told, status }
    }

    /// The request cannot be read.
    pub(crate) fn bad(what: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.invalid", what)
    }

    /// There is no such thing.
    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what)
    }

    /// Adds a reason.
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.error.why.push(why.into());
        self
    }

    /// Says how to mend it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.error.help = Some(help.into());
        self
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let text = |text: &String| redact::text(text);
        Self {
            status: status(fault.code),
            error: Told {
                code: fault.code.as_str().to_owned(),
                what: text(&fault.what),
                why: fault.why.iter().map(text).collect(),
                help: fault.help.as_ref().map(text),
            },
        }
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyRunning
        | Code::NotRunning
        | Code::StartFailed
        | Code::ReloadFailed
        | Code::StopFailed
        | Code::Scale
        | Code::ScriptMissing
        | Code::InterpreterMissing
        | Code::Busy => StatusCode::CONFLICT,
        Code::BadTarget | Code::Usage => StatusCode::BAD_REQUEST,
        Code::NoDaemon | Code::DaemonSilent | Code::VersionMismatch | Code::ShuttingDown => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = axum::http::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
