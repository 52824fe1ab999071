//! What is sent: the event as JSON for programs, a line of text for chats.

use crate::desk::Delivery;
use crate::hooks::To;
use hmac::{Hmac, KeyInit, Mac};
use rpm_proto::{Happening, Level};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write;

/// Chats take no longer texts; Discord's limit is 2,000 characters.
const TEXT_MAX: usize = 1800;

/// One message: what the process that delivers it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub to: To,
    /// The machine.
    pub host: String,
    /// What happened.
    pub happening: Happening,
    /// So many other events were left out before it.
    pub left_out: u64,
    /// The first is 1.
    pub attempt: u32,
    /// See [`crate::Hook::ca`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

impl Message {
    /// The message of a delivery.
    pub fn of(delivery: &Delivery, host: &str) -> Self {
        Self {
            to: delivery.hook.to.clone(),
            host: host.to_owned(),
            happening: (*delivery.happening).clone(),
            left_out: delivery.left_out,
            attempt: delivery.attempt,
            ca: delivery.hook.ca.clone(),
        }
    }

    /// The body that its receiver expects.
    pub fn body(&self) -> Value {
        match &self.to {
            To::Webhook { .. } | To::Command { .. } => json!({
                "host": self.host,
                "event": self.happening,
                "left_out": self.left_out,
            }),
            To::Slack { .. } => json!({ "text": self.text() }),
            To::Discord { .. } => json!({
                "content": self.text(),
                // What an app is called must call nobody.
                "allowed_mentions": { "parse": [] },
            }),
        }
    }

    /// Names this event of this host, for receivers that are sent it twice.
    pub fn key(&self) -> String {
        format!("{}-{}", self.host, self.happening.seq)
    }

    /// A line for people.
    pub fn text(&self) -> String {
        let sign = match self.happening.level {
            Level::Info => "ℹ️",
            Level::Warn => "⚠️",
            Level::Error => "🔴",
        };
        let mut text = format!("{sign} {}: {}", plain(&self.host), plain(&self.happening.text));
        if self.left_out > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, " (and {} more that were not sent)", self.left_out);
        }
        text.chars().take(TEXT_MAX).collect()
    }
}

/// Signs a body: `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY` (RFC 2104), so that a
/// receiver can also refuse what is old.
pub fn sign(secret: &str, at_s: u64, body: &[u8]) -> String {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(at_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut text = format!("t={at_s},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Without what chats would take for a mention, a link or markup.
fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '<' => '‹',
        '>' => '›',
        '@' => '＠',
        '`' | '&' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Hook;
    use std::sync::Arc;

    fn message(to: To) -> Message {
        let happening = Happening {
            seq: 7,
            at: 5,
            kind: "crash".to_owned(),
            level: Level::Error,
            app: Some("<@here>".to_owned()),
            id: Some(0),
            text: "<@here> (0) exited (exit code 1)".to_owned(),
            by: None,
            data: serde_json::Map::new(),
        };
        let hook = Hook {
            id: 0,
            to,
            kinds: vec![],
            level: Level::Warn,
            apps: vec![],
            per_minute: 1,
            ca: None,
        };
        let (hook, happening) = (Arc::new(hook), Arc::new(happening));
        Message::of(&Delivery { hook, happening, left_out: 2, attempt: 1 }, "shop-1")
    }

    #[test]
    fn each_receiver_gets_its_form() {
        let url = String::from("https://x.example");
        let web = message(To::Webhook { url: url.clone(), secret: None });
        let body = web.body();
        assert_eq!((&body["host"], &body["event"]["seq"]), (&json!("shop-1"), &json!(7)));
        assert_eq!((&body["left_out"], web.key()), (&json!(2), "shop-1-7".to_owned()));
        let text = "🔴 shop-1: ‹＠here› (0) exited (exit code 1) (and 2 more that were not sent)";
        assert_eq!(message(To::Slack { url: url.clone() }).body(), json!({ "text": text }));
        let discord = message(To::Discord { url }).body();
        assert_eq!(
            (&discord["content"], &discord["allowed_mentions"]["parse"]),
            (&json!(text), &json!([]))
        );
    }

    #[test]
    fn a_signature_is_what_others_compute() {
        // From `printf '5.{}' | openssl dgst -sha256 -hmac key`.
        let wanted = "9be615aec64f0d044b5ad6854ab1d893ec88617fb728d2149dcd3a3428e8c45d";
        assert_eq!(sign("key", 5, b"{}"), format!("t=5,v1={wanted}"));
    }
}
