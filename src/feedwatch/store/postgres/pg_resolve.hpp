#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/store/postgres/pg_wait.hpp"

namespace feedwatch::store {

/// Whether `host` is one name to be looked up: no address, no path of a socket, no list.
bool is_host_name(std::string_view host);

/// The addresses of a name, none when it has none or the resolver takes longer than `deadline`. The
/// system's resolver cannot be cut short, so it works on a thread that is left behind then.
std::vector<std::string> resolve(const std::string& host, PgWait& wait, PgWait::Deadline deadline);

}  // namespace feedwatch::store
