//! What both servers stand on: the accept loop, its limits, problems, keys, request ids, metrics.
//!
//! - **Reads** sockets and requests; keys through a trait that the caller implements.
//! - **Writes** HTTP answers and one log line a request, never a query's values or a credential.
//! - **Never** knows a camera, a file or a route: those are the callers'.
