# Recipes for those who have `just`; each is one command that works without it.

# What has to pass before a change lands.
ci:
    .ci/run

# All tests.
test *ARGS:
    scripts/test {{ARGS}}

# Build, and run the six example services.
try:
    scripts/try

# rpm beside PM2 and supervisord.
bench *ARGS:
    python3 bench/run.py {{ARGS}}

# The laws of the core in many more random worlds.
laws CASES="100000":
    PROPTEST_CASES={{CASES}} cargo nextest run --release -p rpm-core

# The same scenarios with PM2 and with rpm, compared: docs/differences-from-pm2.md.
differential *ARGS:
    cargo build --workspace --bins
    cargo run -q -p rpm-differential --bin differential -- {{ARGS}}

# Breaks things on purpose and counts what services notice: docs/reliability.md.
faults *ARGS:
    cargo build --release --workspace --bins
    target/release/faults {{ARGS}}

# Feed what comes from outside to a fuzzer, for so many seconds (`cargo install cargo-fuzz`).
fuzz TARGET SECONDS="600":
    RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none --release -a {{TARGET}} -- -max_total_time={{SECONDS}}

# Requests that fit the description of the HTTP API and such that do not: docs/web.md.
api-check *ARGS:
    scripts/api-check {{ARGS}}

# The pictures in docs/pictures, made anew.
pictures:
    scripts/pictures
