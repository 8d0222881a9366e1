#pragma once

#include <memory>

#include "feedwatch/store/postgres/pg_target.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::store {

/// Query over a read-only session of its own, made when it is first needed and again when it broke;
/// no call waits longer than about twice `limit`. One call at a time.
std::unique_ptr<Query> make_pg_query(PgTarget target, Duration limit);

}  // namespace feedwatch::store
