//! The list of a folder as a page.

use crate::path::encode;
use std::io;
use std::path::Path;

/// A list that is longer ends here.
const ENTRIES_MAX: usize = 10_000;

/// The page of a folder: folders first, names in order, no hidden ones.
pub(crate) async fn page(folder: &Path, path: &str) -> io::Result<String> {
    let mut entries = Vec::new();
    let mut reader = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = reader.next_entry().await? {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with('.') && entries.len() < ENTRIES_MAX {
            let is_folder = tokio::fs::metadata(entry.path()).await.is_ok_and(|it| it.is_dir());
            entries.push((!is_folder, name));
        }
    }
    entries.sort();
    let title = escape(path);
    let mut html = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n"
    );
    if path != "/" {
        html.push_str("<li><a href=\"../\">../</a>\n");
    }
    for (is_file, name) in entries {
        let end = if is_file { "" } else { "/" };
        // A name with a colon would be read as a scheme.
        let link = escape(&format!("./{}{end}", encode(&name)));
        let shown = escape(&name);
        html.extend(["<li><a href=\"", &link, "\">", &shown, end, "</a>\n"]);
    }
    html.push_str("</ul>\n");
    Ok(html)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
