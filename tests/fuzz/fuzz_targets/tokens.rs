#![no_main]

use beckon_fuzz::targets::tokens::tokens;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokens(bytes));
