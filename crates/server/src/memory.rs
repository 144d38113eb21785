//! Where the server's memory comes from.
//!
//! A start call makes and drops some thousand small values, on several threads; that was the largest part of its time
//! outside of the database with the system's allocator. mimalloc does it in half the time, but keeps what it once had:
//! the 19 MB that the check of one password takes would stay for good. Large pieces therefore come from the system,
//! which gives them back.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// From this size on, in bytes, memory comes from the system.
const LARGE: usize = 256 * 1024;

/// Small pieces from mimalloc, large ones from the system.
pub(crate) struct BySize;

fn is_large(size: usize) -> bool {
    size >= LARGE
}

// SAFETY: each piece goes back to where its size says that it came from; both parents keep the contract themselves.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe { if is_large(layout.size()) { System.alloc(layout) } else { MiMalloc.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { if is_large(layout.size()) { System.alloc_zeroed(layout) } else { MiMalloc.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: as above; the layout is the one of the allocation.
        unsafe { if is_large(layout.size()) { System.dealloc(piece, layout) } else { MiMalloc.dealloc(piece, layout) } }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above. Over the border a new piece is made, and the old one is freed only if that worked.
        unsafe {
            match (is_large(layout.size()), is_large(size)) {
                (false, false) => MiMalloc.realloc(piece, layout, size),
                (true, true) => System.realloc(piece, layout, size),
                _ => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        std::ptr::copy_nonoverlapping(piece, new, layout.size().min(size));
                        self.dealloc(piece, layout);
                    }
                    new
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    /// The test program has this allocator too: pieces keep their bytes when they grow and shrink over the border.
    #[test]
    fn pieces_keep_their_bytes_over_the_border() {
        let mut piece: Vec<u8> = (0..super::LARGE - 1).map(|at| at as u8).collect();
        for size in [super::LARGE, super::LARGE + 1, 3 * super::LARGE, super::LARGE - 1, 7] {
            let kept = piece.len().min(size);
            piece.resize(size, 9);
            piece.shrink_to_fit();
            assert!(piece[..kept].iter().enumerate().all(|(at, byte)| *byte == at as u8 || *byte == 9), "{size}");
        }
        assert_eq!(piece, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(vec![0_u8; 2 * super::LARGE], [0; 1].repeat(2 * super::LARGE));
    }
}
