#![no_main]

use beckon_fuzz::targets::sequences::sequences;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sequences(bytes));
