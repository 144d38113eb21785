//! Routes of signing in: sessions and second factors. All of them are our own.

use super::List;
use crate::handlers::{open_id, second_factors, session};

pub(super) fn fill_own(list: &mut List) {
    list.own("POST", "/stoker/v1/session", session::create);
    list.own("GET", "/stoker/v1/session", session::get);
    list.own("DELETE", "/stoker/v1/session", session::delete);
    list.own("GET", "/stoker/v1/session/ways", session::ways);
    list.own("GET", "/stoker/v1/session/openid", open_id::begin);
    list.own("GET", "/stoker/v1/session/openid/callback", open_id::finish);
    list.own("GET", "/stoker/v1/sessions", session::list);
    list.own("DELETE", "/stoker/v1/sessions", session::delete_all);
    list.own("DELETE", "/stoker/v1/sessions/{id}", session::end_one);
    list.own("GET", "/stoker/v1/users", second_factors::users);
    list.own("GET", "/stoker/v1/users/{id}/sessions", session::of_user);
    list.own("DELETE", "/stoker/v1/users/{id}/sessions", session::end_of_user);
    list.own("GET", "/stoker/v1/me/totp", second_factors::get);
    list.own("POST", "/stoker/v1/me/totp", second_factors::begin);
    list.own("POST", "/stoker/v1/me/totp/confirm", second_factors::confirm);
    list.own("POST", "/stoker/v1/me/totp/recovery-codes", second_factors::renew);
    list.own("DELETE", "/stoker/v1/me/totp", second_factors::remove);
    list.own("DELETE", "/stoker/v1/users/{id}/totp", second_factors::remove_of_user);
}
