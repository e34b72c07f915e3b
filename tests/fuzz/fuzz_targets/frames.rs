#![no_main]

use beckon_fuzz::targets::frames::frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frames(bytes));
