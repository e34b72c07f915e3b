//! A road between two networks: two Ethernet devices (TAP) in one program, which carries what goes in at one end to the other, late
//! and with losses, as far as it is IPv4. The kernels we test on have no netem.
//!
//!     road ONE OTHER SEED
//!
//! Each line of its input sets the delay in ms, one way, how many packets of a thousand are lost, and how many kbit pass in a second each way, 0 for
//! any: `25 200 400`. What does not pass waits in a queue, and what would wait too long is lost.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

extern "C" {
    fn ioctl(fd: i32, request: u64, argument: *const u8) -> i32;
}
/// From linux/if_tun.h: makes the device; Ethernet frames; nothing before them.
const TUNSETIFF: u64 = 0x4004_54ca;
const IFF_TAP_NO_PI: u16 = 0x0002 | 0x1000;

static DELAY_MS: AtomicU64 = AtomicU64::new(0);
static LOST_OF_1000: AtomicU64 = AtomicU64::new(0);
static KBIT_PER_S: AtomicU64 = AtomicU64::new(0);
/// As long as the queues of home routers are.
const QUEUE: Duration = Duration::from_millis(1_000);

fn device(name: &str) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    let mut request = [0u8; 40]; // struct ifreq: 16 bytes of name, then the flags
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[16..18].copy_from_slice(&IFF_TAP_NO_PI.to_ne_bytes());
    // SAFETY: the request is as long as the kernel reads, and outlives the call.
    match unsafe { ioctl(file.as_raw_fd(), TUNSETIFF, request.as_ptr()) } {
        0 => Ok(file),
        _ => Err(io::Error::last_os_error()),
    }
}

/// ARP is not lost: a real road between networks carries none.
fn is_ipv4(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&[0x08, 0x00])
}

/// xorshift64: which packets are lost is repeatable only as far as the packets are.
fn lose(state: &mut u64) -> bool {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % 1000 < LOST_OF_1000.load(Relaxed)
}

/// When a frame has passed, or `None` when the queue is full. `free`: when all before it will have passed.
fn pass(frame: &[u8], free: &mut Instant) -> Option<Instant> {
    let now = Instant::now();
    let kbit_per_s = KBIT_PER_S.load(Relaxed);
    if !is_ipv4(frame) || kbit_per_s == 0 {
        return Some(now);
    }
    let begins = now.max(*free);
    if begins - now > QUEUE {
        return None;
    }
    *free = begins + Duration::from_micros(frame.len() as u64 * 8_000 / kbit_per_s);
    Some(*free)
}

fn carry(mut from: File, mut to: File, seed: u64) {
    let (put, take) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut random = seed | 1;
        let mut free = Instant::now();
        let mut frame = [0u8; 2048];
        // A device that is down, or in a namespace that is gone, gives errors: there is nothing to carry.
        while let Ok(length) = from.read(&mut frame) {
            let frame = &frame[..length];
            let late = if is_ipv4(frame) { Duration::from_millis(DELAY_MS.load(Relaxed)) } else { Duration::ZERO };
            if is_ipv4(frame) && lose(&mut random) {
                continue;
            }
            let Some(passed) = pass(frame, &mut free) else { continue };
            if put.send((passed + late, frame.to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, frame) in take {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let _ = to.write_all(&frame); // a device that is down loses it, as a cable would
        }
    });
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [one, other, seed] = &arguments[..] else { return Err(io::Error::other("road ONE OTHER SEED")) };
    let (one, other) = (device(one)?, device(other)?);
    let seed: u64 = seed.parse().map_err(io::Error::other)?;
    carry(one.try_clone()?, other.try_clone()?, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    carry(other, one, seed.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    println!("ready");
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
        DELAY_MS.store(numbers.next().unwrap_or(0), Relaxed);
        LOST_OF_1000.store(numbers.next().unwrap_or(0), Relaxed);
        KBIT_PER_S.store(numbers.next().unwrap_or(0), Relaxed);
    }
    Ok(())
}
