#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/capture/reader.hpp"

namespace feedwatch::replay {

/// Frames of one socket read, copied, until the read is whole.
class Reads {
 public:
  void add(FrameType type, std::string_view payload) {
    if (count_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[count_++];
    text.assign(payload).append(frame_padding, '\0');
    types_.push_back(type);
  }
  /// Valid until the next add().
  std::span<const Frame> take() {
    frames_.clear();
    for (std::size_t i = 0; i < count_; ++i) {
      const std::string_view text = texts_[i];
      frames_.push_back({types_[i], text.substr(0, text.size() - frame_padding)});
    }
    count_ = 0;
    types_.clear();
    return frames_;
  }
  bool empty() const { return count_ == 0; }

 private:
  std::vector<std::string> texts_;
  std::size_t count_ = 0;
  std::vector<FrameType> types_;
  std::vector<Frame> frames_;
};

/// The frame's type as the record has it.
FrameType frame_type_of(const capture::Record& record);
/// The end of a connection as the record has it.
CloseReport close_report_of(const capture::Record& record);
/// The connection's number; nullopt when it is none.
std::optional<ConnId> conn_of(const capture::Record& record);

}  // namespace feedwatch::replay
