//! Helpers of the end-to-end tests: a private home, free ports, and a binary under test.
