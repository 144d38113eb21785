//! Very old files: expressions in braces without a dollar sign become ordinary ones.

use crate::expr::Template;
use crate::model::{BodyKind, Drive, Entity, Kind, Request, Row};

pub(super) fn convert(drive: &mut Drive) {
    drive.entities.iter_mut().for_each(entity);
}

fn entity(entity: &mut Entity) {
    if let Kind::Request(made) = &mut entity.kind {
        request(made);
    }
    entity.children.iter_mut().for_each(self::entity);
}

fn request(request: &mut Request) {
    for text in [&mut request.uri.host, &mut request.uri.path].into_iter().flatten() {
        *text = Template::with_dollars(text);
    }
    let rows = request.headers.iter_mut().chain(request.uri.query.iter_mut().flat_map(|query| &mut query.items));
    rows.for_each(row);
    if let Some(form) = &mut request.body.form {
        form.items.iter_mut().for_each(row);
    }
    if request.body.kind == BodyKind::Text
        && let Some(text) = &mut request.body.text
    {
        *text = Template::with_dollars(text);
    }
    for assertion in &mut request.assertions {
        if let Some(crate::json::Json::Text(text)) = &mut assertion.value {
            *text = Template::with_dollars(text);
        }
    }
}

fn row(row: &mut Row) {
    row.name = Template::with_dollars(&row.name);
    if let Some(value) = &mut row.value {
        *value = Template::with_dollars(value);
    }
}
