//! Pages by number, as the account and audit lists have them.

use crate::error::Error;

/// Which page, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageNumber {
    /// From 1 (source: spec).
    pub number: i64,
    /// Items of a full page.
    pub size: i64,
}

impl PageNumber {
    /// Largest page number.
    pub const MOST: i64 = 10_000_000;

    /// Checks both; `most` is the largest size and `default` the one without a wish.
    pub fn checked(number: Option<i64>, size: Option<i64>, default: i64, most: i64) -> Result<Self, Error> {
        let page = Self { number: number.unwrap_or(1), size: size.unwrap_or(default) };
        if !(1..=Self::MOST).contains(&page.number) {
            return Err(Error::invalid(format!("page: must be from 1 to {}", Self::MOST)));
        }
        if !(1..=most).contains(&page.size) {
            return Err(Error::invalid(format!("size: must be from 1 to {most}")));
        }
        Ok(page)
    }

    /// Items before this page.
    pub fn offset(self) -> i64 {
        (self.number - 1) * self.size
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// The page that was asked for, also past the end.
    pub page: PageNumber,
    /// How many items there are in all.
    pub total: i64,
}

impl<T> Listed<T> {
    /// Cuts a page out of a whole list.
    pub(crate) fn cut(all: Vec<T>, page: PageNumber) -> Self {
        let total = all.len() as i64;
        let items = all.into_iter().skip(page.offset() as usize).take(page.size as usize).collect();
        Self { items, page, total }
    }

    /// How many pages there are.
    pub fn pages(&self) -> i64 {
        (self.total + self.page.size - 1) / self.page.size
    }
}
