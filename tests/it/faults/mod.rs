//! Kill, cut, fill: what must survive.
