#pragma once

#include <iosfwd>
#include <string>

namespace feedwatch::app {

/// What `feedwatch decode` was asked for.
struct DecodeArgs {
  std::string venue;
  std::string file;  ///< a capture in any format capture::Reader knows; empty = standard input
  std::string connection;  ///< glob on a connection's name or address; empty = those of the venue
  bool counts = false;     ///< the closing account as one JSON object instead of a table
};

/// Decodes received frames and writes one JSON object a line and tick to `out`:
/// {"stream","price"|"bid","ask","ts_event","seq","fields":[…]}. Prices are the characters of the
/// frame. A tick that confirms without carrying has no price and empty fields; ts_event and seq are
/// null where the venue sends none. Errors, with the line they came from, and the closing account
/// go to `err`.
///
/// The exit code: 0; 1 when a frame could not be decoded or the file not be read to its end; 2 when
/// the venue is unknown. `in` is read only when no file is named. To follow a pipe, call
/// std::ios::sync_with_stdio(false) before, else every byte is a call of its own.
int run_decode(const DecodeArgs& args, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace feedwatch::app
