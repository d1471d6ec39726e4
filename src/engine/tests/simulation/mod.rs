//! Plays the core against an imaginary server and an imaginary ledger, in imaginary time, from a seed.
//!
//! Every fault and every moment is drawn from the seed, runs crash in the middle and are started again, and
//! after each life the promises are checked. A failing seed is named and can be played again alone.

mod life;
mod manner;
mod promises;
mod world;

use std::num::NonZero;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::rows::stringeex;
use crate::declared::connector::Connector;
use crate::event::Ending;
use crate::row::RowState;

use life::Life;
use world::{LATE, World};

/// Plays a whole story: lives that crash or are stopped, then lives until nothing is left to send.
fn play(connector: &Connector, seed: u64) {
    let mut world = World::new(connector, seed);
    if std::env::var_os("NOTEFERRY_SEED").is_some() {
        eprintln!("{:?}, {:?}, marker: {}", world.manner, world.pages, world.is_marked);
    }
    let lives = world.random.usize(0..4);
    for _ in 0..lives {
        let crash = world.random.usize(1..400);
        let stop = world.random.usize(1..400);
        Life::new(&mut world).play(crash, stop);
        promises::check(&world, seed);
        let pause = Duration::from_millis(world.random.u64(0..3_000));
        world.advance(world.clock + pause);
        world.write_again_later();
    }
    for _ in 0..40 {
        if world.is_settled() && world.are_counted() {
            break;
        }
        // A token is refused for good by bad luck now and then, or a row given up; the next run goes on.
        let (ending, told) = Life::new(&mut world).play(usize::MAX, usize::MAX).unwrap();
        promises::check(&world, seed);
        if ending == Ending::Finished {
            promises::check_told(&world, &told);
        }
        world.advance(world.clock + Duration::from_secs(10));
    }
    world.advance(world.clock + LATE);
    promises::check(&world, seed);
    assert!(world.is_settled(), "seed {seed}: rows are left");
    let stuck = world.stuck_lanes();
    promises::check_doubts(&world, seed);
    promises::check_counts(&world, seed);
    for row in world.rows.iter().filter(|row| !stuck.contains(row.lane.as_str())) {
        let state = &world.ledger[&row.number];
        let ended = matches!(state, RowState::Succeeded { .. } | RowState::Refused { .. });
        assert!(ended, "seed {seed}: row {} ends as {state:?}", row.number);
    }
}

/// Another number of seeds: `NOTEFERRY_SEEDS=100000 cargo test --release simulation`; one seed alone: `NOTEFERRY_SEED=7`.
#[test]
fn the_promises_hold_for_every_seed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, end) = match number("NOTEFERRY_SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, number("NOTEFERRY_SEEDS").unwrap_or(10_000)),
    };
    let connector = stringeex();
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    let play_on = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let played = std::panic::catch_unwind(AssertUnwindSafe(|| play(&connector, seed)));
            if played.is_err() {
                failed.lock().unwrap().push(seed);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(play_on);
        }
    });
    let failed = failed.into_inner().unwrap();
    assert_eq!(failed, [0_u64; 0], "seeds that fail: NOTEFERRY_SEED=N plays one alone");
}
