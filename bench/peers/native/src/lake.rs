//! A folder of tables whose files and commits are on the disk when a call returns, with the calls that the embedded lake makes.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Result;

pub struct Lake {
    root: PathBuf,
    journal: Mutex<File>,
    made: Mutex<HashSet<PathBuf>>,
    /// Tables that got files.
    tables: Mutex<HashSet<String>>,
    numbers: AtomicUsize,
}

impl Lake {
    pub fn create(root: &str) -> Result<Lake> {
        fs::create_dir_all(Path::new(root).join("temporary"))?;
        let journal = OpenOptions::new().create_new(true).append(true).open(Path::new(root).join("journal"))?;
        Ok(Lake {
            root: root.into(),
            journal: Mutex::new(journal),
            made: Mutex::default(),
            tables: Mutex::default(),
            numbers: AtomicUsize::new(0),
        })
    }

    /// Stores a file of the table under a new name: written aside and synced, linked, its folder synced.
    pub fn put(&self, table: &str, bytes: &[u8]) -> Result<PathBuf> {
        let name = format!("{:08}.parquet", self.numbers.fetch_add(1, Ordering::Relaxed));
        let folder = self.root.join(table).join("data");
        self.make(&folder)?;
        let (temporary, path) = (self.root.join("temporary").join(&name), folder.join(&name));
        let mut file = File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(&temporary, &path)?;
        fs::remove_file(&temporary)?;
        File::open(&folder)?.sync_all()?;
        self.tables.lock().unwrap().insert(table.into());
        Ok(path)
    }

    /// One transaction: what it says is on the disk when this returns.
    pub fn commit(&self, line: &str) -> Result<()> {
        let mut journal = self.journal.lock().unwrap();
        journal.write_all(format!("{line}\n").as_bytes())?;
        Ok(journal.sync_data()?)
    }

    /// A transaction for each table that got files.
    pub fn commit_tables(&self) -> Result<(usize, ())> {
        let tables = self.tables.lock().unwrap();
        for table in tables.iter() {
            self.commit(&format!("files of {table} added"))?;
        }
        Ok((tables.len(), ()))
    }

    fn make(&self, folder: &Path) -> Result<()> {
        let mut made = self.made.lock().unwrap();
        if made.insert(folder.into()) {
            fs::create_dir_all(folder)?;
            for above in folder.ancestors().skip(1).take(2) {
                File::open(above)?.sync_all()?;
            }
        }
        Ok(())
    }
}
