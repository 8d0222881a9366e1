#pragma once

#include "feedwatch/api/server.hpp"

namespace feedwatch::app {

/// What the kernel knows of this process (/proc/self); what cannot be read stays zero.
api::ProcessUsage process_usage();

/// No core file, and no reading of this process's memory by others of the same user: secrets (URLs
/// of sinks, the write token) are in it.
void forbid_core_dumps();

}  // namespace feedwatch::app
