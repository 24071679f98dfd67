//! What a stage takes: wall and CPU seconds of the work itself, as the benchmark's own workers count them.

use std::time::Instant;

use crate::Result;

/// The time that one thread spends inside `measure`, in seconds.
#[derive(Default)]
pub struct Watch {
    wall: f64,
    cpu: f64,
}

impl Watch {
    pub fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), thread_cpu());
        let result = work();
        self.wall += wall.elapsed().as_secs_f64();
        self.cpu += thread_cpu() - cpu;
        result
    }
}

fn thread_cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the struct that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What the work of a share gives: the rows that it took, and something for the next stage.
pub type Worked<R> = Result<(usize, R)>;

/// Runs a stage, each share on a thread of its own, and prints what it took: as long as the longest share, CPU of all.
pub fn staged<S: Send, R: Send>(
    name: &str,
    shares: Vec<S>,
    work: impl Fn(S, &mut Watch) -> Worked<R> + Sync,
) -> Result<Vec<R>> {
    let done: Vec<(Watch, Worked<R>)> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| {
                scope.spawn(move || {
                    let mut watch = Watch::default();
                    let worked = work(share, &mut watch);
                    (watch, worked)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a share's thread panicked")).collect()
    });
    let (mut wall, mut cpu, mut rows, mut results) = (0.0_f64, 0.0, 0, Vec::new());
    for (watch, worked) in done {
        let (taken, result) = worked?;
        wall = wall.max(watch.wall);
        cpu += watch.cpu;
        rows += taken;
        results.push(result);
    }
    println!("{}", serde_json::json!({ "stage": name, "wall": wall, "cpu": cpu, "rows": rows }));
    Ok(results)
}
