#pragma once

#include <cstddef>

namespace feedwatch {

/// Counters that many threads count in are kept in stripes, one to a thread, and summed up by
/// whoever reads them: a thread that has a stripe to itself counts with a load and a store, while
/// an atomic addition would be a fifth of what a price costs.
///
/// A number below `own_stripes` belongs to the calling thread until it ends, and is then another's,
/// who sees all that the last one wrote in its stripe. Threads beyond so many share
/// `shared_stripe`, where counting takes an atomic addition, until one of the numbers is given
/// back.
inline constexpr std::size_t own_stripes = 16;
inline constexpr std::size_t shared_stripe = own_stripes;
inline constexpr std::size_t stripe_count = own_stripes + 1;

namespace detail {
extern constinit thread_local std::size_t stripe_of_thread;  ///< shared_stripe until it has its own
std::size_t take_stripe();
}  // namespace detail

/// Any thread; never waits.
inline std::size_t thread_stripe() {
  const std::size_t mine = detail::stripe_of_thread;
  return mine < own_stripes ? mine : detail::take_stripe();
}

}  // namespace feedwatch
