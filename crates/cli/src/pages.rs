//! Reading lists that come in pages.

use stoker_client::{ClientError, Page};

/// Objects asked for at once; the most the contract allows.
pub(crate) const PAGE: u32 = 100;

/// All objects of a list, at most `most`, page by page. `page` gets the number of objects to skip.
pub(crate) async fn all<T>(
    most: usize,
    page: impl AsyncFn(u64) -> Result<Page<T>, ClientError>,
) -> Result<Vec<T>, ClientError> {
    let mut items = Vec::new();
    while items.len() < most {
        let next = page(items.len() as u64).await?;
        let empty = next.items.is_empty();
        items.extend(next.items);
        if empty || items.len() as u64 >= next.total {
            break;
        }
    }
    items.truncate(most);
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(most: usize, total: u64, page_size: u64) -> Vec<u64> {
        all(most, async |offset| {
            let items = (offset..total.min(offset + page_size)).collect();
            Ok(Page { items, limit: 100, offset, total })
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn pages_join_without_gap_or_repeat() {
        assert_eq!(read(usize::MAX, 7, 3).await, (0..7).collect::<Vec<_>>());
        assert_eq!(read(5, 7, 3).await, (0..5).collect::<Vec<_>>());
        assert!(read(usize::MAX, 0, 3).await.is_empty());
    }

    #[tokio::test]
    async fn a_total_that_is_never_reached_does_not_loop() {
        let items = all(usize::MAX, async |offset| {
            let items = if offset == 0 { vec![1] } else { vec![] };
            Ok(Page { items, limit: 100, offset, total: 9 })
        });
        assert_eq!(items.await.unwrap(), [1]);
    }
}
