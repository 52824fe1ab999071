//! The saved list.

use rpm_core::AppSpec;

/// A `dump.pm2`, ours or PM2's: what is read of it can be kept and read again.
pub fn saved_dump(bytes: &[u8]) {
    let Ok(apps) = rpm_pm2::dump::from_dump(bytes) else {
        return;
    };
    for (spec, _) in apps {
        let text = serde_json::to_string(&spec).expect("a spec can be written");
        let again: AppSpec = serde_json::from_str(&text).expect("a spec can be read");
        let bare = AppSpec { base_env: again.base_env.clone(), ..spec };
        assert_eq!(again, bare);
    }
}
