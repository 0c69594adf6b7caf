//! Tests of the adapter as a whole, over a scripted HTTP client and the real SDK clients.
