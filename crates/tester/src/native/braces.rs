//! Very old files: expressions in braces without a dollar sign become ordinary ones.

use crate::expr::Template;
use crate::model::{Drive, Entity, Kind};

pub(super) fn convert(drive: &mut Drive) {
    drive.entities.iter_mut().for_each(entity);
}

fn entity(entity: &mut Entity) {
    if let Kind::Request(made) = &mut entity.kind {
        made.each_text(&mut |text| *text = Template::with_dollars(text));
    }
    entity.children.iter_mut().for_each(self::entity);
}
