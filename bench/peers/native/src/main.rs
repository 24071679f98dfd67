//! The benchmark's pipeline as a native program: the same events in, the same tables as Parquet files out, the same commits.
//!
//! `tradelake-native-peer INDEX FOLDER`: INDEX is the events' index.json that bench/data.ts writes (a list of events for each
//! poller), FOLDER is made and gets the tables. Prints a JSON line when a stage has ended: its name, wall and CPU seconds, rows.

mod avro;
mod bronze;
mod candles;
mod files;
mod gold;
mod lake;
mod silver;
mod silver_rows;
mod watch;

use std::error::Error;

use bronze::{EventFile, StoredFile};
use lake::Lake;
use watch::staged;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, index, folder] = arguments.as_slice() else {
        return Err("Give the events' index.json and a folder for the tables.".into());
    };
    let pollers: Vec<Vec<EventFile>> = serde_json::from_slice(&std::fs::read(index)?)?;
    let threads = pollers.len();
    let lake = Lake::create(folder)?;
    let stored = staged("bronze", pollers, |events, watch| bronze::ingest(&lake, events, watch))?;
    let refined =
        staged("silver", shared_out(stored, threads), |files, watch| watch.measure(|| silver::refine(&lake, &files)))?;
    // Snapshots of Iceberg would be made here: this program has none, and only says durably that the files belong to the tables.
    staged("commit", vec![()], |(), watch| watch.measure(|| lake.commit_tables()))?;
    let pending: Vec<_> = refined.into_iter().flatten().collect();
    let unified = staged("gold", vec![pending], |pending, watch| watch.measure(|| gold::unify(&lake, &pending)))?;
    let written = unified.into_iter().flatten().collect();
    staged("candles", vec![written], |written: Vec<_>, watch| watch.measure(|| candles::fold(&lake, &written)))?;
    Ok(())
}

/// The objects of each exchange, to the threads by turns.
fn shared_out(stored: Vec<Vec<StoredFile>>, threads: usize) -> Vec<Vec<StoredFile>> {
    let mut files: Vec<StoredFile> = stored.into_iter().flatten().collect();
    files.sort_by(|a, b| (&a.exchange, a.number).cmp(&(&b.exchange, b.number)));
    let mut shares: Vec<Vec<StoredFile>> = (0..threads).map(|_| Vec::new()).collect();
    for (i, file) in files.into_iter().enumerate() {
        shares[i % threads].push(file);
    }
    shares
}
