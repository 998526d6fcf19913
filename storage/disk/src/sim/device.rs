//! The simulated disk as a device.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;

use super::world::{Reply, Request, SimDisk, World};
use crate::{Device, DiskError, File, Operation};

/// An open file of a simulated disk.
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    file: u64,
    name: String,
}

async fn perform(world: &Rc<RefCell<World>>, request: Request) -> io::Result<Reply> {
    let ticket = world.borrow_mut().submit(request);
    poll_fn(|context| world.borrow_mut().poll(ticket, context.waker())).await
}

impl SimDisk {
    async fn call(
        &self,
        operation: Operation,
        name: &str,
        request: Request,
    ) -> Result<Reply, DiskError> {
        perform(&self.world, request).await.map_err(|source| DiskError {
            operation,
            place: self.place(name),
            source,
        })
    }

    fn file(&self, name: &str, reply: &Reply) -> SimFile {
        let Reply::File(file) = *reply else { unreachable!("opening answers with a file") };
        SimFile { disk: self.clone(), file, name: name.to_owned() }
    }
}

impl Device for SimDisk {
    type File = SimFile;
    type Buffer = Vec<u8>;

    fn buffer(&self, bytes: usize) -> Vec<u8> {
        // Not zero, so that whoever forgets to fill a buffer is found out.
        vec![0xa5; bytes]
    }

    async fn list(&self) -> Result<Vec<String>, DiskError> {
        match self.call(Operation::List, "", Request::List).await? {
            Reply::Names(names) => Ok(names),
            _ => unreachable!("listing answers with names"),
        }
    }

    async fn create(&self, name: &str, bytes: u64) -> Result<SimFile, DiskError> {
        let request = Request::Create { name: name.to_owned(), bytes };
        Ok(self.file(name, &self.call(Operation::Create, name, request).await?))
    }

    async fn open(&self, name: &str) -> Result<SimFile, DiskError> {
        let request = Request::Open { name: name.to_owned() };
        Ok(self.file(name, &self.call(Operation::Open, name, request).await?))
    }

    async fn rename(&self, source: &str, target: &str) -> Result<(), DiskError> {
        let request = Request::Rename { source: source.to_owned(), target: target.to_owned() };
        self.call(Operation::Rename, source, request).await.map(drop)
    }

    async fn remove(&self, name: &str) -> Result<(), DiskError> {
        let request = Request::Remove { name: name.to_owned() };
        self.call(Operation::Remove, name, request).await.map(drop)
    }

    async fn sync_names(&self) -> Result<(), DiskError> {
        let changes = self.world.borrow().names_changes_count();
        self.call(Operation::SyncNames, "", Request::SyncNames { changes }).await.map(drop)
    }

    async fn free_bytes(&self) -> Result<u64, DiskError> {
        Ok(self.world.borrow().free_bytes())
    }

    async fn pause(&self, duration_ms: u64) {
        let until_ms = self.world.borrow().until_ms(duration_ms);
        drop(perform(&self.world, Request::Pause { until_ms }).await);
    }

    fn place(&self, name: &str) -> String {
        format!("sim/{name}")
    }
}

impl File for SimFile {
    type Buffer = Vec<u8>;

    async fn write_at(&self, buffer: Vec<u8>, offset: u64) -> Result<(), DiskError> {
        let request = Request::Write { file: self.file, offset, data: buffer };
        self.disk.call(Operation::Write, &self.name, request).await.map(drop)
    }

    async fn read_at(&self, into: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        let request = Request::Read { file: self.file, offset, bytes: into.len() };
        match self.disk.call(Operation::Read, &self.name, request).await? {
            Reply::Bytes(bytes) => {
                into[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            _ => unreachable!("reading answers with bytes"),
        }
    }

    async fn sync(&self) -> Result<(), DiskError> {
        let sectors = self.disk.world.borrow().dirty(self.file);
        let request = Request::Sync { file: self.file, sectors };
        self.disk.call(Operation::Sync, &self.name, request).await.map(drop)
    }

    async fn size_bytes(&self) -> Result<u64, DiskError> {
        Ok(self.disk.world.borrow().len(self.file))
    }

    async fn close(self) {}
}
